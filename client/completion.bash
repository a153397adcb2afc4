_maskline() {
    local line=${COMP_LINE:0:COMP_POINT} words=() current='' found='' cut=''
    # From the line itself: bash also parts words at = and :, which stand in options and addresses.
    read -ra words <<<"$line"
    case $line in *[[:space:]]) words+=('') ;; esac
    current=${words[${#words[@]} - 1]}
    COMPREPLY=()
    # What bash replaces is what stands behind the last of those.
    case $current in *[=:]*) cut=${current%"${current##*[=:]}"} ;; esac
    while IFS= read -r found; do
        found=${found%%	*}
        case $found in
        @file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
        @folder) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
        "$current"*) COMPREPLY+=("${found#"$cut"}") ;;
        esac
    done < <(_maskline_find "${words[@]}")
}

complete -o bashdefault -F _maskline maskline
