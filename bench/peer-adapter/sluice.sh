#!/bin/sh
# Sluice for the side-by-side harness, which is a directory of its own (bench.py, peers/common.sh). Link this file into
# its peers/ and build the preset release first:
#
#   ln -s "$PWD/bench/peer-adapter/sluice.sh" HARNESS/peers/sluice.sh
#   HARNESS/bench.py run --mta postfix,sluice --work W1,W2
#
# SLUICE_BIN is the directory of the programs (build/release/bin of the tree that this file is in).
# SLUICE_START is how the daemons are started: qscheduler, or sendmail for `sendmail -bd -q1h`, where deferred mail waits
# for a queue run. The queue is flushed (W5) by `sendmail -q` and listed by `mailq` either way.
# SLUICE_QUEUES, SLUICE_REMOTE, SLUICE_LOCAL and SLUICE_LANE set the number of queues, concurrencyremote, concurrencylocal
# and lane.limit.
# The users that `sluice setup` makes stay: another instance may run under them.
. "$(dirname "$0")/common.sh"
: "${SLUICE_BIN:=$(dirname "$(readlink -f "$0")")/../../build/release/bin}"
: "${SLUICE_START:=qscheduler}"
: "${SLUICE_QUEUES:=1}" "${SLUICE_REMOTE:=40}" "${SLUICE_LANE:=40}" "${SLUICE_LOCAL:=100}"
H=$D/home
sluice() { "$SLUICE_BIN/sluice" --home "$H" "$@"; }
sendmail() { SLUICE_HOME=$H "$SLUICE_BIN/sendmail" "$@"; }
supervisor() { head -1 "$D/pid"; }
# The port is open before the queues take mail; until then a message is answered 451, and smtp-source gives up at that.
await_queues() {
    i=0
    until sluice status --json 2>/dev/null | python3 -c '
import json, sys
try: queues = json.load(sys.stdin)["queues"]
except ValueError: sys.exit(1)
sys.exit(not all(len(q.get("daemons", [])) == 6 for q in queues))'; do
        i=$((i+1)); [ $i -gt 400 ] && { echo "the queues do not start; see $D/log" >&2; exit 1; }
        sleep 0.05
    done
}
case ${1:-} in
available) test -x "$SLUICE_BIN/sluice" && test -x "$SLUICE_BIN/qscheduler" ;;
version) "$SLUICE_BIN/sluice" --version ;;
tuning) cat <<T
$SLUICE_QUEUES queue(s), concurrencyremote=$SLUICE_REMOTE, lane.limit=$SLUICE_LANE, lane.initial_window=20, concurrencylocal=$SLUICE_LOCAL
started by $SLUICE_START; flush = sendmail -q; smtp.max_connections_per_client=1000; no DNS (catch-all SMTP route); log to a file
T
;;
setup)
    sluice setup >/dev/null
    C=$H/etc/control
    echo mta.bench.test > "$C/me"
    echo "$LOCAL_DOMAIN" > "$C/locals"
    echo "$SLUICE_REMOTE" > "$C/concurrencyremote"
    echo "$SLUICE_LOCAL" > "$C/concurrencylocal"
    cat > "$C/smtproutes" <<R
a.test:[$A_ADDR]:$A_PORT
b.test:[$B_ADDR]:$B_PORT
:[$A_ADDR]:1
R
    cat > "$H/etc/sluice.toml" <<S
queue_count = $SLUICE_QUEUES
pid_file = "$D/pid"

[daemon]
log = "$D/log"

[smtp]
listen = ["$LISTEN_ADDR:$LISTEN_PORT"]
max_connections_per_client = 1000

[lane]
limit = $SLUICE_LANE
initial_window = 20
S
    sluice config --check ;;
start)
    if [ "$SLUICE_START" = sendmail ]; then
        sendmail -bd -q1h
    else
        SLUICE_HOME=$H setsid "$SLUICE_BIN/qscheduler" -s </dev/null >>"$D/log" 2>&1 &
        echo $! > "$D/pid"
    fi
    await_queues ;;
stop)
    p=$(supervisor)
    kill -TERM "$p" 2>/dev/null || :
    wait_gone "$p" 45 ;;
flush) sendmail -q ;;
list) sendmail -bp ;;
queue-count)
    sluice status --json | python3 -c 'import json, sys; print(sum(q.get("messages", 0) for q in json.load(sys.stdin)["queues"]))' ;;
pids) descendants "$(supervisor)" ;;
teardown) : ;;
*) echo "unknown verb" >&2; exit 2 ;;
esac
