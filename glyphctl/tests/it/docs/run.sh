# Runs the blocks of a page as one reader would, in one shell. $SANDBOX has blocks/, the plan, and the stage, a script that
# prepares what the page takes for granted. Descriptor 3 is for what went wrong; exit code 77 means that something is missing.
exec 3>&2
set -E -o pipefail
mount --bind "$SANDBOX/hosts" /etc/hosts || exit 77
ip link set lo up
cd "$SANDBOX/work" || exit
running=()
# The folder in which each section begins.
start=.

# Ends all with what the block printed last.
fail() {
    trap - ERR
    echo "$1" >&3
    [ -z "${2-}" ] || tail -n 40 "$SANDBOX/out/$2" "$SANDBOX/err/$2" >&3
    exit 1
}

# Other people's programs that the page needs.
need() {
    for program in "$@"; do
        command -v "$program" >/dev/null || { echo "$program" >&3; exit 77; }
    done
}

# What each command that did not end with 0 is asked: is that what the page says?
ended() {
    case " $codes " in
        *" $1 "*) seen+=" $1" ;;
        *) fail "$place, line $2 of the block: ended with $1: $3" "$block" ;;
    esac
}

run() {
    block=$1 place=$2 codes=$3 seen=
    trap 'ended $? $LINENO "$BASH_COMMAND"' ERR
    source "$SANDBOX/blocks/$block" </dev/null >"$SANDBOX/out/$block" 2>"$SANDBOX/err/$block"
    trap - ERR
    for code in $codes; do
        case " $seen " in
            *" $code "*) ;;
            *) fail "$place: nothing ended with $code" "$block" ;;
        esac
    done
}

listens() {
    local port
    printf -v port ':%04X' "$1"
    awk -v port="$port" '$4 == "0A" && $2 ~ port "$" { found = 1 } END { exit !found }' /proc/net/tcp /proc/net/tcp6
}

begin() {
    local block=$1 place=$2 codes=$3 port=${4-} pid
    [ -z "$port" ] || ! listens "$port" || fail "$place: something listens on $port already"
    # With job control, so that Ctrl-C reaches all of it and nothing else.
    set -m
    (source "$SANDBOX/blocks/$block") </dev/null >"$SANDBOX/out/$block" 2>"$SANDBOX/err/$block" &
    pid=$!
    set +m
    running+=("$pid $block $place $codes")
    local limit=$((SECONDS + 60))
    until if [ -n "$port" ]; then listens "$port"; else [ -s "$SANDBOX/out/$block" ] || [ -s "$SANDBOX/err/$block" ]; fi; do
        kill -0 "$pid" 2>/dev/null || fail "$place: ended before it was ready" "$block"
        ((SECONDS < limit)) || fail "$place: is not ready" "$block"
        sleep 0.02
    done
}

# Ctrl-C for whatever runs in the background.
stop() {
    local each pid block place codes code
    for each in "${running[@]}"; do
        read -r pid block place codes <<<"$each"
        kill -INT -- "-$pid" 2>/dev/null
        code=0
        wait "$pid" || code=$?
        case " ${codes:-0} " in
            *" $code "*) ;;
            *) fail "$place: ended with $code after Ctrl-C" "$block" ;;
        esac
    done
    running=()
}

section() {
    stop
    cd "$SANDBOX/work/$start" || exit
}

put() {
    mkdir -p "$(dirname "$2")" && cp "$SANDBOX/blocks/$1" "$2" || fail "$2 can't be written"
}

# A recording of the demo's: 240 flows, some of them failed, an alert that fires if it is told to hurry.
demo() {
    [ -d "$SANDBOX/demo" ] || glyphctl demo --out "$SANDBOX/demo" >/dev/null 2>"$SANDBOX/err/demo" ||
        fail "no demo" demo
    for name in "$@"; do
        cp -r "$SANDBOX/demo/recording" "$name"
    done
}

# The hosts of the page: whatever name and path one of these ports is asked for, it has the answers of site.har, also within
# TLS, whose CA the programs here believe.
serve() {
    export SSL_CERT_FILE="$SANDBOX/ca/ca.pem"
    for port in "$@"; do
        glyphctl replay serve "$SANDBOX/site.har" --addr "127.0.0.1:$port" --ca-dir "$SANDBOX/ca" \
            >/dev/null 2>"$SANDBOX/err/serve-$port" &
        until listens "$port"; do
            kill -0 $! 2>/dev/null || fail "nothing serves $port" "serve-$port"
            sleep 0.02
        done
    done
}

# A program that stands before the real one.
stand_in() {
    cat >"$SANDBOX/bin/$1" && chmod +x "$SANDBOX/bin/$1"
}

[ ! -e "$SANDBOX/stage" ] || source "$SANDBOX/stage" >"$SANDBOX/out/stage" 2>"$SANDBOX/err/stage" || fail "the stage" stage
cd "$SANDBOX/work" || exit
source "$SANDBOX/plan"
