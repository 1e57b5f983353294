// Command scan-analyze analyses one layer of an image and writes its inventory.
// It is the root of the analyze operation's container: static, without network,
// reading mounts that others made.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	opts, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, opts)
	}
	stop()
	if err != nil {
		// What a parser says of a file of rules may take several lines.
		fmt.Fprintln(os.Stderr, "scan-analyze:", strings.Join(strings.Fields(err.Error()), " "))
		os.Exit(1)
	}
}
