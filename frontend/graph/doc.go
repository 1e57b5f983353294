// Package graph reads a build's LLB definition as people see a build: stages
// made of layers, each with the Dockerfile instruction it comes from.
//
// It owns the reading of definitions and source maps. It solves nothing and
// must not know what is done with a layer.
//
// A definition is a graph of operations; a layer is the step from one
// filesystem snapshot to the next one above it:
//
//	FROM debian            source op                 k layers of the image
//	RUN apt-get install    exec op, root mount       parent: the mount's input
//	COPY . /src            file op, primary input    parent: the action's input
//	COPY --link a /a       merge op                  parent: its first input
//
// Following parents from a result down to its source gives one chain, which is
// one stage's filesystem. Whatever else the operations of a chain read
// (COPY --from, RUN --mount=from) is the tip of another chain. Local
// directories, git and HTTP sources are inputs but not images: they have no
// layers of their own.
package graph
