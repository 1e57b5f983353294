# shellcheck shell=bash disable=SC2154
# The pinned tools: built once per version from the `tool` lines of a go.mod.

need_go() {
	command -v go >/dev/null || fail "Go is missing: https://go.dev/dl/ (want $(awk '$1 == "go" {print $2}' "$repo/go.mod") or newer)"
}

# build_tools builds what this run needs and is missing or of another version.
build_tools() {
	mkdir -p "$bin"
	exec 8>"$bin/.lock"
	flock 8
	if [ "$command" = tools ] || own_buildkit; then
		build_tool "$repo" buildkitd github.com/moby/buildkit github.com/moby/buildkit/cmd/buildkitd
	fi
	build_tool "$repo" docker-buildx github.com/docker/buildx github.com/docker/buildx/cmd/buildx
	build_tool "$repo/hack/tools/cosign" cosign github.com/sigstore/cosign/v2 github.com/sigstore/cosign/v2/cmd/cosign
	build_tool "$repo/hack/tools/actionlint" actionlint github.com/rhysd/actionlint github.com/rhysd/actionlint/cmd/actionlint
	[ -z "$docker" ] || build_docker_tools
	exec 8>&-
}

# build_tool GOMOD_DIR NAME MODULE PACKAGE [GO_BUILD_FLAG...]
#
# -trimpath because the product is built with it: what both need is compiled once.
build_tool() {
	local dir=$1 tool=$2 module=$3 package=$4 version
	shift 4
	version=$(awk -v m="$module" '$1 == m {print $2; exit} $1 == "require" && $2 == m {print $3; exit}' "$dir/go.mod")
	[ -n "$version" ] || fail "$dir/go.mod does not require $module"
	[ -x "$bin/$tool" ] && [ "$(cat "$bin/.$tool.version" 2>/dev/null)" = "$version" ] && return 0
	need_go
	say "building $tool $version (once; a few minutes when nothing is compiled yet)"
	(cd "$dir" && CGO_ENABLED=0 go build -mod=readonly -trimpath "$@" -ldflags "-s -w" -o "$bin/.$tool.new" "$package" 8>&- 9>&-) ||
		fail "failed to build $tool"
	mv "$bin/.$tool.new" "$bin/$tool"
	echo "$version" >"$bin/.$tool.version"
}
