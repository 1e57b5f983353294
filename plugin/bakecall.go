package plugin

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/docker/buildx/build"
	"github.com/docker/buildx/util/buildflags"
	"github.com/docker/buildx/util/cobrautil"
	"github.com/moby/buildkit/client"
)

// readCalls makes the requests of targets whose definition says `call` what
// buildx sends: such a target answers and is not built. A scan is a build whose
// result is thrown away.
func readCalls(targets map[string]build.Options) error {
	for name, t := range targets {
		if t.CallFunc == nil {
			continue
		}
		call, err := buildflags.ParseCallFunc(t.CallFunc.Name)
		switch {
		case err != nil:
			return err
		case call == nil:
			t.CallFunc = nil
		case call.Name == "scan":
			t.CallFunc, t.Exports = nil, []client.ExportEntry{{Type: "cacheonly"}}
		default:
			asked := *t.CallFunc
			asked.Name = call.Name
			t.CallFunc, t.Exports = &asked, nil // buildx would push an empty image
		}
		targets[name] = t
	}
	return nil
}

// answers prints the answers of targets that were asked something. The error
// is the exit code of the first answer that has one.
func answers(w io.Writer, targets map[string]build.Options, resp map[string]*client.SolveResponse) error {
	var failed error
	for _, name := range slices.Sorted(maps.Keys(resp)) {
		if targets[name].CallFunc == nil {
			continue
		}
		res := resp[name].ExporterResponse
		text := res["result.txt"]
		if text == "" {
			text = "Check complete, no warnings found.\n"
		}
		fmt.Fprintf(w, "%s\n\n%s", name, text)
		if code, err := strconv.Atoi(res["result.statuscode"]); err == nil && code != 0 && failed == nil {
			failed = cobrautil.ExitCodeError(code)
		}
	}
	return failed
}
