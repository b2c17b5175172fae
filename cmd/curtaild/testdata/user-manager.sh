#!/bin/sh
# Runs a unit under a real systemd user manager in a mount namespace of its
# own, stops its main process with SIGSTOP, and waits for the watchdog to have
# it replaced. Prints what the test looks at. Usage, under unshare -m:
#   user-manager.sh FOLDER UNIT
set -eu
dir=$1 unit=$2
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
mkdir -m 0700 /run/xdg
export XDG_RUNTIME_DIR=/run/xdg XDG_CONFIG_HOME="$dir"
/lib/systemd/systemd --user >"$dir/manager.log" 2>&1 &
manager=$!
trap 'kill -KILL $manager' EXIT

show() { systemctl --user show -p "$1" --value "$unit"; }
# until COMMAND...: tries for half a minute.
until_true() {
	for _ in $(seq 300); do
		"$@" && return
		sleep 0.1
	done
	echo "never came true: $*"
	exit 1
}
listens() { [ -S "$XDG_RUNTIME_DIR/systemd/private" ]; }
active() { [ "$(show ActiveState)" = active ]; }
replaced() { [ "$(show MainPID)" != "$first" ] && active; }

until_true listens
systemctl --user start "$unit"
first=$(show MainPID)
echo "started: $(show ActiveState), $(show StatusText)"
systemctl --user reload "$unit"
until_true active
echo "reloaded: $(show ActiveState), same process $([ "$(show MainPID)" = "$first" ] && echo yes)"
kill -STOP "$first"
until_true replaced
echo "stopped process replaced: $(show ActiveState), restarts $(show NRestarts)"
systemctl --user stop "$unit"
echo "ended: $(show ActiveState), $(show Result), status $(show ExecMainStatus)"
