#include "tests/fuzz/input.h"

#include "tests/fuzz/oracle.h"

#include <string.h>

uint8_t input_byte(struct input *input)
{
    if (!input->left)
        return 0;
    input->left--;
    return *input->at++;
}

uint64_t input_number(struct input *input, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | input_byte(input);
    return number;
}

static uint8_t *take(struct input *input, size_t size, size_t more)
{
    uint8_t *taken = malloc(size + more ? size + more : 1);
    if (!taken)
        abort();
    if (size)
        memcpy(taken, input->at, size);
    input->at += size;
    input->left -= size;
    return taken;
}

uint8_t *input_rest(struct input *input, size_t *ret_size)
{
    *ret_size = input->left;
    return take(input, input->left, 0);
}

static char *take_text(struct input *input, size_t size)
{
    char *text = (char *)take(input, size, 1);
    for (size_t i = 0; i < size; i++)
        if (!text[i])
            text[i] = ' ';
    text[size] = '\0';
    return text;
}

char *input_line(struct input *input)
{
    const uint8_t *end = input->left ? memchr(input->at, '\n', input->left) : NULL;
    if (!end)
        return input_text(input);
    char *text = take_text(input, (size_t)(end - input->at));
    input_byte(input);
    return text;
}

char *input_text(struct input *input)
{
    return take_text(input, input->left);
}
