_maskline() {
    local typed=("${(@Q)words[1,CURRENT]}") found='' names=() notes=()
    while IFS= read -r found; do
        case $found in
        @file) _files && return ;;
        @folder) _files -/ && return ;;
        *$'\t'*)
            names+=("${found%%$'\t'*}")
            notes+=("${found%%$'\t'*} -- ${found#*$'\t'}")
            ;;
        ?*)
            names+=("$found")
            notes+=("$found")
            ;;
        esac
    done < <(emulate -L ksh; _maskline_find "${typed[@]}")
    (( $#names )) && compadd -l -d notes -- "${names[@]}"
}

# Read as a file of its own (in $fpath) it is called by the completion system; else it says what it is for.
if [[ ${funcstack[1]} = _maskline ]]; then
    _maskline "$@"
else
    compdef _maskline maskline
fi
