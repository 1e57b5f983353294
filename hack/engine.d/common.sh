# shellcheck shell=bash disable=SC2154
# What every part of the engine needs: messages, folders, locks, daemons.
# A daemon NAME has, in the instance's state folder, NAME.pid and NAME.log.

say() { printf '%s\n' "$*" >&2; }
fail() { say "hack/engine: $*"; exit 1; }
export_line() { printf 'export %s=%q\n' "$1" "$2"; }

# locate sets the folders of this run.
locate() {
	cache=${SCAN_BUILD_CACHE:-${HOME:?}/.cache/scan-build}
	bin=$cache/bin
	state_root=${SCAN_BUILD_STATE:-${HOME:?}/.local/state/scan-build}
	state=$state_root/$name
	builder=scan-build-$name
}

# need_linux_root checks what every start of an engine needs.
need_linux_root() {
	[ "$(uname -s)" = Linux ] || fail "needs Linux, this is $(uname -s)"
	[ "$(id -u)" = 0 ] || fail "must be run as root: BuildKit mounts and runs containers"
	command -v flock >/dev/null || fail "flock is missing: apt-get install util-linux"
	command -v setsid >/dev/null || fail "setsid is missing: apt-get install util-linux"
	# A unix socket's path is limited to 107 bytes by the kernel.
	local longest=$state/buildkitd.sock
	[ -z "$docker" ] || longest=$state/dockerd/exec/containerd/containerd-debug.sock
	[ ${#longest} -le 107 ] || fail "the state folder's path is too long for unix sockets: $state (set SCAN_BUILD_STATE)"
}

# need_package PROGRAM PACKAGE installs a Debian package when its program is missing.
need_package() {
	command -v "$1" >/dev/null && return 0
	command -v apt-get >/dev/null || fail "$1 is missing and there is no apt-get to install $2 with"
	[ "$(id -u)" = 0 ] || fail "$1 is missing: as root, apt-get install $2"
	say "installing $2"
	local log
	log=$(mktemp)
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2"; } </dev/null >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		rm -f "$log"
		fail "failed to install $2 with apt-get (see above)"
	fi
	rm -f "$log"
	command -v "$1" >/dev/null || fail "package $2 did not bring $1"
}

# lock_instance makes concurrent runs for one instance wait for each other. The
# lock is file descriptor 9; daemons are started without it.
lock_instance() {
	mkdir -p "$state"
	exec 9>"$state_root/$name.lock"
	flock 9
}

# start DAEMON COMMAND... runs a daemon in its own session, its output in DAEMON.log.
start() {
	local daemon=$1 pid
	shift
	: >"$state/$daemon.log"
	setsid "$@" </dev/null >>"$state/$daemon.log" 2>&1 9>&- &
	pid=$!
	echo $pid >"$state/$daemon.pid"
	# Until the child has become the command, it does not look like ours.
	while [ "/proc/$pid/exe" -ef "/proc/$$/exe" ]; do sleep 0.01; done
}

# running DAEMON says whether the recorded process lives and is really ours: its
# command line names a file of this instance. A reused pid does not pass.
running() {
	local pid
	pid=$(cat "$state/$1.pid" 2>/dev/null) || return 1
	[ -n "$pid" ] && tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF "$state/"
}

# stop DAEMON SECONDS ends it, first politely; afterwards it is gone.
stop() {
	local daemon=$1 pid tries=$(($2 * 10))
	if running "$daemon"; then
		pid=$(cat "$state/$daemon.pid")
		kill "$pid" 2>/dev/null || true
		while running "$daemon" && [ $((tries--)) -gt 0 ]; do sleep 0.1; done
		if running "$daemon"; then
			say "$daemon did not end in $2 s, killing it"
			kill -9 "$pid" 2>/dev/null || true
			while running "$daemon"; do sleep 0.1; done
		fi
	fi
	rm -f "$state/$daemon.pid"
}

# wait_for DAEMON SECONDS CHECK... waits until CHECK succeeds while DAEMON lives.
wait_for() {
	local daemon=$1 tries=$(($2 * 20)) seconds=$2
	shift 2
	until "$@"; do
		if ! running "$daemon"; then
			give_up "$daemon ended while starting"
		elif [ $((tries--)) -le 0 ]; then
			give_up "$daemon did not answer within $seconds s"
		fi
		sleep 0.05
	done
}

# give_up MESSAGE shows the end of the daemon's log, the first word of the message.
give_up() {
	local daemon=${1%% *}
	say "--- the end of $state/$daemon.log:"
	tail -n 25 "$state/$daemon.log" >&2 || true
	say "---"
	stop "$daemon" 5
	fail "$1"
}

# unmount_below FOLDER unmounts what a killed daemon left behind, innermost first.
unmount_below() {
	local point
	awk '{print $5}' /proc/self/mountinfo | grep -F "$1/" | sort -r | while read -r point; do
		umount -l "$(printf '%b' "$point")" 2>/dev/null || say "failed to unmount $point"
	done || true
}

# end_containers CGROUP ends the processes that a killed daemon left in its cgroup.
end_containers() {
	local dir pid
	find /sys/fs/cgroup -maxdepth 3 -type d -name "$1" 2>/dev/null | while read -r dir; do
		find "$dir" -mindepth 2 -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u | while read -r pid; do
			kill -9 "$pid" 2>/dev/null || true
		done
		find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done || true
}
