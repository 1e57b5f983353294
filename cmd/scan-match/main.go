// Command scan-match is the half of a scan that knows grype. It runs inside a
// build, without network and secrets, in one of five roles:
//
//	scan-match match  --db DIR --in request.json --out DIR
//	scan-match unpack --in DIR --out DIR [--sha256 SUM] [--source REF]
//	scan-match build  --in DIR --out DIR --built RFC3339
//	scan-match inflate --in FILE --out FILE
//	scan-match layer  (--child DIR [--parent DIR] | --tar FILE) --out DIR
//
// match and unpack exit 0 and write down what went wrong with their input, so
// that the reason reaches the user; they fail only if they cannot write.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/pkg/errors"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scan-match:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("want a role: match, unpack, build, inflate or layer")
	}
	switch role, rest := args[0], args[1:]; role {
	case "match":
		return runMatch(ctx, rest)
	case "unpack":
		return runUnpack(ctx, rest)
	case "build":
		return runBuild(ctx, rest)
	case "inflate":
		return runInflate(rest)
	case "layer":
		return runLayer(ctx, rest)
	default:
		return errors.Errorf("unknown role %q, want match, unpack, build, inflate or layer", role)
	}
}
