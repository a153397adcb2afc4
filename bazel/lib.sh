# Shared by the commands in this folder; sourced, never run.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BAZEL=/usr/bin/bazel
# A machine without a usable home (CI, containers) keeps caches below the temporary folder.
TMP=${TMPDIR:-/tmp}

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "maskline: $*"
    exit 1
}

# need_space FOLDER MIB WHAT: a full disk in the middle of a build is hard to read; this is not.
need_space() {
    local folder=$1 need=$2 what=$3 free
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    free=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1024) }')
    if [ "${free:-0}" -lt "$need" ]; then
        die "disk full: $what needs $need MiB free below $folder, and $free MiB are left"
    fi
}

usable_home() {
    [ -n "${HOME:-}" ] && [ "$HOME" != / ] && [ -d "$HOME" ] && [ -w "$HOME" ]
}

if ! usable_home; then
    HOME=$TMP/maskline-home-$(id -u)
    mkdir -p "$HOME" || die "no folder can be made below $TMP"
    export HOME
fi
export USER=${USER:-$(id -un 2>/dev/null || id -u)}

# bz COMMAND ARGS...: Debian's Bazel in this tree. MASKLINE_BAZEL_STARTUP and MASKLINE_BAZEL_FLAGS add
# options, say another output base or a disk cache that several checkouts share.
bz() {
    local command=$1
    shift
    # shellcheck disable=SC2086
    (cd "$ROOT" && "$BAZEL" ${MASKLINE_BAZEL_STARTUP:-} "$command" ${MASKLINE_BAZEL_FLAGS:-} "$@")
}
