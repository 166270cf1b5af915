# What both boots' checks share. Sourced by bash.

unit=kiosk-agent.service
journal=/var/lib/kiosk-agent/journal
settings=/etc/kiosk-agent/kiosk-agent.toml
board=/usr/lib/board

# check NAME COMMAND...: the command prints its figure; or what it found instead, and fails.
check() {
    local name=$1 words
    shift
    if words=$("$@" 2>&1); then
        echo "$name: ${words//$'\n'/; }" >>/results/passed
    else
        words=${words//$'\n'/; }
        echo "$name: ${words:0:1000}" >>/results/failed
    fi
}

# A pause without a process: here every one costs more time than it waits.
exec 9<> <(:)
pause() { read -r -t "$1" -u 9; true; }

# eventually SECONDS WHAT COMMAND...: waits until the command succeeds.
eventually() {
    local limit=$1 what=$2 end=$((SECONDS + $1 + 1))
    shift 2
    until "$@"; do
        (( SECONDS < end )) || { echo "not within $limit s: $what"; return 1; }
        pause 0.2
    done
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

property() { systemctl show --value --property="$1" "${2-$unit}"; }

main_pid() { property MainPID; }

# The number of journal lines that hold the words.
count() {
    number_of "$1"
    echo "$number"
}

number_of() {
    local segment line lines
    number=0
    for segment in $journal/*.jsonl; do
        [[ -e $segment ]] && mapfile -t lines <"$segment"
        for line in "${lines[@]}"; do
            [[ $line == *"$1"* ]] && number=$((number + 1))
        done
    done
}

last_turn() { cat $journal/*.jsonl | grep -F '"kind":"turn"' | tail -n 1; }

# When the last turn was written, in ms: we look only now and then.
last_turn_ms() { [[ $(last_turn) =~ \"at\":\"([^\"]+)\" ]] && date -d "${BASH_REMATCH[1]}" +%s%3N; }

has_more() {
    local number
    number_of "$1"
    (( number > $2 ))
}

opened='"event":"opened"'

is_serving_anew() { has_more "$opened" "$1" && [[ $(property SubState) == running ]]; }

# The button, and the card's other end.
press() { echo pull-down >"$(<$board/pull)"; }
release() { echo pull-up >"$(<$board/pull)"; }
speak() { aplay -q -D plughw:Loopback,1,1 "$board/samples/$1.wav"; }

# turn UTTERANCE: a whole turn, until the journal has it; prints how long after the release that was.
turn() {
    local before released
    before=$(count '"kind":"turn"')
    press
    pause 0.3
    speak "$1" || return
    pause 0.2
    release
    released=$(now_ms)
    eventually 20 "the turn is settled" has_more '"kind":"turn"' "$before" || return
    echo "settled $(($(last_turn_ms) - released)) ms after the release"
}
