// Command scan-frontend is a BuildKit frontend for Dockerfiles that scans what
// it builds. It is run by BuildKit, for `# syntax=` and BUILDKIT_SYNTAX.
package main

import (
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/gateway/grpcclient"
	"github.com/moby/buildkit/util/appcontext"
	_ "github.com/moby/buildkit/util/grpcutil/encoding/proto" // BuildKit's own codec

	"github.com/scan-build/scan-build/frontend"
)

// version is set at link time.
var version = "dev"

func main() {
	frontend.RegisterErrors()
	if err := grpcclient.RunFromEnvironment(appcontext.Context(), frontend.Builder(version)); err != nil {
		fmt.Fprintf(os.Stderr, "scan-frontend: %v\n", err) // stdout is the connection to BuildKit
		os.Exit(1)
	}
}
