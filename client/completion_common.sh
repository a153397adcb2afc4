# Prints what may stand in place of the last of the words, one a line, a tab and a note behind it. The words
# are a whole command line up to the cursor; the first is the program. Lines "@file" and "@folder" ask for
# names of files.
_maskline_find() {
    local typed=("$@") last=$(($# - 1)) i=1 noun='' verb='' word='' waits='' place=0 only_words=''
    local nouns=() verbs=() places=() flags=() given=() server=()
    local current=${typed[$last]}
    _maskline_nouns
    if [ "$last" -le 1 ]; then
        printf '%s\n' "${nouns[@]}" '--help' '--version'
        return
    fi
    noun=${typed[1]}
    _maskline_verbs "$noun"
    i=2
    if [ ${#verbs[@]} -gt 0 ]; then
        if [ "$last" -eq 2 ]; then
            printf '%s\n' "${verbs[@]}" '--help'
            return
        fi
        verb=${typed[2]}
        i=3
    fi
    _maskline_command "$noun${verb:+ $verb}"
    while [ "$i" -lt "$last" ]; do
        word=${typed[$i]}
        i=$((i + 1))
        if [ -n "$waits" ]; then
            [ "$waits" != --server ] || server=(--server "$word")
            waits=''
            continue
        fi
        case $word in
        --) only_words=1 ;;
        --*=*) case $word in --server=*) server=("$word") ;; esac ;;
        -f) waits=--file ;;
        --*) [ -n "$only_words" ] || ! _maskline_has_value "$word" || waits=$word ;;
        *)
            given[$place]=$word
            place=$((place + 1))
            ;;
        esac
    done
    if [ -n "$waits" ]; then
        _maskline_value "$waits" ''
    elif [ -z "$only_words" ] && [ "${current#--*=}" != "$current" ]; then
        _maskline_value "${current%%=*}" "${current%%=*}="
    elif [ -z "$only_words" ] && [ "${current#-}" != "$current" ] && [ "$noun" != serve ]; then
        for word in "${flags[@]}"; do
            waits=${word%%	*}
            printf '%s\t%s\n' "${waits%%=*}" "${word#*	}"
        done
    elif [ "$noun" = serve ]; then
        _maskline_kind '@setting' ''
    elif [ "$place" -lt ${#places[@]} ]; then
        _maskline_kind "${places[$place]}" ''
    fi
}

# Whether an option of the command wants a value.
_maskline_has_value() {
    local option
    for option in "${flags[@]}"; do
        case ${option%%	*} in "$1="*) return 0 ;; esac
    done
    return 1
}

# What the value of an option can be, behind a prefix.
_maskline_value() {
    local option values
    for option in "${flags[@]}"; do
        case $option in
        "$1="*)
            values=${option%%	*}
            _maskline_kind "${values#*=}" "$2"
            ;;
        esac
    done
}

_maskline_kind() {
    local rest=$1
    case $rest in
    '') ;;
    @file | @folder) printf '%s\n' "$rest" ;;
    @command) printf '%s\n' "${nouns[@]}" ;;
    @*) "${typed[0]}" __complete "${rest#@}" "${given[@]}" "${server[@]}" 2>/dev/null </dev/null ;;
    *)
        while [ -n "$rest" ]; do
            printf '%s%s\n' "$2" "${rest%%,*}"
            case $rest in *,*) rest=${rest#*,} ;; *) rest='' ;; esac
        done
        ;;
    esac
}

