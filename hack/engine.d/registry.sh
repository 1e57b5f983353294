# shellcheck shell=bash disable=SC2154
# The registry: Debian's docker-registry with its own configuration. The service
# that the package may start (port 5000) is neither used nor touched.

registry_running() { running registry && [ -s "$state/registry.port" ]; }
registry_address() { echo "127.0.0.1:$(cat "$state/registry.port")"; }

registry_up() {
	registry_running && registry_answers && return 0
	stop registry 5
	need_package docker-registry docker-registry
	mkdir -p "$state/registry"
	# The port of last time, so that references stay valid; otherwise any free one.
	local wanted port
	wanted=$(cat "$state/registry.port" 2>/dev/null) || wanted=0
	for port in "$wanted" 0; do
		registry_config "$port" >"$state/registry.yml"
		rm -f "$state/registry.port"
		start registry docker-registry serve "$state/registry.yml"
		while running registry && ! registry_listens; do sleep 0.05; done
		[ -s "$state/registry.port" ] && break
		grep -q "address already in use" "$state/registry.log" || break
	done
	wait_for registry 30 registry_answers
}

registry_config() {
	cat <<CONFIG
version: 0.1
log:
  level: info
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: $state/registry
  delete:
    enabled: true
http:
  addr: 127.0.0.1:$1
CONFIG
}

# registry_listens reads the port that the registry was given from its log.
registry_listens() {
	local port
	port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$state/registry.log" | head -n 1)
	[ -n "$port" ] && echo "$port" >"$state/registry.port"
}

# registry_answers asks for /v2/ without needing curl.
registry_answers() {
	[ -s "$state/registry.port" ] || return 1
	local line
	line=$(
		exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$(cat "$state/registry.port")" || exit 1
		printf 'GET /v2/ HTTP/1.0\r\n\r\n' >&3
		read -r -t 5 line <&3 && echo "$line"
	) || return 1
	[[ $line == HTTP/1.*\ 200* ]]
}

registry_down() { stop registry 10; }
