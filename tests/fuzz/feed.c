#include "tests/fuzz/feed.h"

#include "tests/fuzz/oracle.h"

#include <string.h>

uint8_t feed_byte(struct feed *feed)
{
    if (!feed->left)
        return 0;
    feed->left--;
    return *feed->at++;
}

uint64_t feed_number(struct feed *feed, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | feed_byte(feed);
    return number;
}

static uint8_t *take(struct feed *feed, size_t size, size_t more)
{
    uint8_t *taken = malloc(size + more ? size + more : 1);
    if (!taken)
        abort();
    if (size)
        memcpy(taken, feed->at, size);
    feed->at += size;
    feed->left -= size;
    return taken;
}

uint8_t *feed_rest(struct feed *feed, size_t *ret_size)
{
    *ret_size = feed->left;
    return take(feed, feed->left, 0);
}

static char *take_text(struct feed *feed, size_t size)
{
    char *text = (char *)take(feed, size, 1);
    for (size_t i = 0; i < size; i++)
        if (!text[i])
            text[i] = ' ';
    text[size] = '\0';
    return text;
}

char *feed_line(struct feed *feed)
{
    const uint8_t *end = feed->left ? memchr(feed->at, '\n', feed->left) : NULL;
    if (!end)
        return feed_text(feed);
    char *text = take_text(feed, (size_t)(end - feed->at));
    feed_byte(feed);
    return text;
}

char *feed_text(struct feed *feed)
{
    return take_text(feed, feed->left);
}
