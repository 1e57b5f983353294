# shellcheck shell=bash disable=SC2154
# BuildKit with its own root, socket, cgroup and configuration, and the buildx
# builder that points at it. The user's own configuration of docker and buildx is
# neither touched nor seen.

buildkitd_running() { running buildkitd && [ -S "$state/buildkitd.sock" ]; }
buildkitd_address() { echo "unix://$state/buildkitd.sock"; }

buildkitd_up() {
	local running_snapshotter
	docker_config
	if buildkitd_running; then
		running_snapshotter=$(cat "$state/buildkitd.snapshotter")
		[ -z "$snapshotter" ] || [ "$snapshotter" = "$running_snapshotter" ] ||
			fail "instance $name runs with the snapshotter $running_snapshotter: take it down first"
		snapshotter=$running_snapshotter
		if [ "$(buildkitd_config)" = "$(cat "$state/buildkitd.toml")" ] && builder_answers "$builder"; then
			return 0
		fi
	fi
	buildkitd_down
	snapshotter=${snapshotter:-$(cat "$state/buildkitd.snapshotter" 2>/dev/null || echo overlayfs)}
	need_package runc runc
	[ "$snapshotter" != overlayfs ] || need_overlayfs
	echo "$snapshotter" >"$state/buildkitd.snapshotter"
	buildkitd_config >"$state/buildkitd.toml"
	start buildkitd "$bin/buildkitd" --config "$state/buildkitd.toml"
	wait_for buildkitd 60 test -S "$state/buildkitd.sock"
	create_builder
	wait_for buildkitd 60 builder_answers "$builder"
}

# buildkitd_config: RUN steps use the host's network, which needs no CNI plugins
# and no firewall rules. Garbage collection looks at the cache's size alone: the
# default also looks at the disk's free space and could drop what a test expects.
buildkitd_config() {
	cat <<CONFIG
root = "$state/buildkitd"

[grpc]
  address = ["unix://$state/buildkitd.sock"]

[worker.containerd]
  enabled = false

[worker.oci]
  enabled = true
  snapshotter = "$snapshotter"
  networkMode = "host"
  defaultCgroupParent = "$builder"
  gc = true
  [[worker.oci.gcpolicy]]
    all = true
    maxUsedSpace = "30GB"

[registry."$(registry_address)"]
  http = true
CONFIG
}

# need_overlayfs tries a mount where BuildKit will make its own.
need_overlayfs() {
	local dir=$state/overlay-check
	mkdir -p "$dir"/{lower,upper,work,merged}
	modprobe overlay 2>/dev/null || true
	mount -t overlay overlay -o "lowerdir=$dir/lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/merged" 2>/dev/null ||
		fail "overlayfs does not work in $state: use --snapshotter native, or set SCAN_BUILD_STATE to a folder on another file system"
	umount "$dir/merged"
	rm -rf "$dir"
}

buildx() { BUILDX_CONFIG=$state/buildx BUILDX_BUILDER='' "$bin/docker-buildx" "$@" 9>&-; }

# docker_config lets a docker CLI, where there is one, find the plugins.
docker_config() {
	mkdir -p "$state/docker"
	printf '{"cliPluginsExtraDirs": ["%s", "%s"]}\n' "$repo/bin" "$bin" >"$state/docker/config.json"
}

create_builder() {
	buildx rm --keep-daemon --force "$builder" >/dev/null 2>&1 || true
	buildx create --name "$builder" --driver remote "$(buildkitd_address)" >"$state/builder.log" 2>&1 ||
		fail "failed to create the buildx builder: $(cat "$state/builder.log")"
}

# builder_answers BUILDER asks the builder's BuildKit for its platforms.
builder_answers() {
	if own_buildkit; then
		buildx inspect "$1" >"$state/builder.log" 2>&1 && grep -q '^Status: *running' "$state/builder.log"
	else
		"$bin/docker-buildx" inspect --bootstrap "$1" >"$state/builder.log" 2>&1 9>&-
	fi
}

buildkitd_down() {
	stop buildkitd 20
	end_containers "$builder"
	rm -f "$state/buildkitd.sock"
}
