// Command docker-scan-build is the docker CLI plugin "docker scanbuild"; it
// also runs by itself.
package main

import (
	"fmt"
	"os"

	"github.com/scan-build/scan-build/plugin"

	_ "github.com/docker/buildx/driver/docker"                // builders
	_ "github.com/docker/buildx/driver/docker-container"      // builders
	_ "github.com/docker/buildx/driver/kubernetes"            // builders
	_ "github.com/docker/buildx/driver/remote"                // builders
	_ "github.com/moby/buildkit/util/grpcutil/encoding/proto" // BuildKit's own codec
	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc"          // kubernetes builders
)

// version is set at link time.
var version = "dev"

func main() {
	exe, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(plugin.ExitCode(err))
	}
	err = plugin.Run(plugin.Environment{
		Version:    version,
		Executable: exe,
		CacheDir:   plugin.CacheDir(),
		LookupEnv:  os.LookupEnv,
	})
	plugin.NewScreen(os.Stderr, os.LookupEnv).PrintError(err)
	os.Exit(plugin.ExitCode(err))
}
