# shellcheck shell=bash disable=SC2154
# A Docker Engine with its own roots and socket, for the `docker` driver: the
# machine's firewall, routing and other engines are left alone. dockerd starts
# the containerd that lies beside it.

dockerd_running() { running dockerd && [ -S "$state/docker.sock" ]; }
dockerd_address() { echo "unix://$state/docker.sock"; }

# build_docker_tools uses a module of its own: dockerd wants other versions than
# the product.
build_docker_tools() {
	local tools=$repo/hack/tools/docker containerd=github.com/containerd/containerd/v2
	local tags="exclude_graphdriver_btrfs exclude_graphdriver_zfs no_btrfs"
	build_tool "$tools" dockerd github.com/moby/moby/v2 github.com/moby/moby/v2/cmd/dockerd -tags "$tags"
	build_tool "$tools" containerd $containerd $containerd/cmd/containerd -tags "$tags"
	build_tool "$tools" containerd-shim-runc-v2 $containerd $containerd/cmd/containerd-shim-runc-v2
}

dockerd_up() {
	local running_store
	if dockerd_running; then
		running_store=$(cat "$state/dockerd.store")
		[ "$docker" = "$running_store" ] || fail "instance $name runs with the $running_store image store: take it down first"
		dockerd_answers && return 0
	fi
	dockerd_down
	need_package runc runc
	# Both stores are on overlayfs.
	need_overlayfs
	mkdir -p "$state/dockerd"
	echo "$docker" >"$state/dockerd.store"
	dockerd_config >"$state/dockerd.json"
	PATH=$bin:$PATH start dockerd "$bin/dockerd" --config-file "$state/dockerd.json" --host "$(dockerd_address)"
	wait_for dockerd 60 dockerd_answers
}

# dockerd_config: without iptables and bridge, RUN steps have no network unless
# the build says --network=host. Each store has its own data root.
dockerd_config() {
	local store
	case $docker in
	containerd) store='"features": {"containerd-snapshotter": true}' ;;
	graphdriver) store='"features": {"containerd-snapshotter": false}, "storage-driver": "overlay2"' ;;
	esac
	cat <<CONFIG
{
  "data-root": "$state/dockerd/$docker",
  "exec-root": "$state/dockerd/exec",
  "pidfile": "$state/dockerd/dockerd.pid",
  "cgroup-parent": "/$builder-docker",
  "bridge": "none",
  "iptables": false,
  "ip6tables": false,
  "ip-forward": false,
  "ip-masq": false,
  "userland-proxy": false,
  $store
}
CONFIG
}

# dockerd_answers asks buildx, which needs no docker CLI.
dockerd_answers() {
	DOCKER_HOST=$(dockerd_address) buildx inspect default >"$state/builder.log" 2>&1 &&
		grep -q '^Status: *running' "$state/builder.log"
}

dockerd_down() {
	stop dockerd 30
	# A dockerd that was killed leaves its containerd.
	if [ -s "$state/dockerd/exec/containerd/containerd.pid" ]; then
		cp "$state/dockerd/exec/containerd/containerd.pid" "$state/containerd.pid"
	fi
	stop containerd 10
	end_containers "$builder-docker"
	rm -f "$state/docker.sock" "$state/dockerd/dockerd.pid"
}
