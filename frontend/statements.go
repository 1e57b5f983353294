package frontend

import (
	"github.com/scan-build/scan-build/frontend/graph"
)

// placedStatement is an instruction of a Dockerfile in full and the stage of a
// report that it belongs to.
type placedStatement struct {
	graph.Statement
	// final says that the image has it: it stands in the target's stage, in one
	// that this continues, or before the first FROM.
	final bool
	// stage is the name of its stage in the report.
	stage string
}

// statements lists the instructions of all Dockerfiles that a platform's build
// was made of. Nothing in them that the secrets search knows is left readable.
func (pp *planPlatform) statements() []placedStatement {
	if len(pp.stages) == 0 {
		return nil
	}
	last := &pp.stages[len(pp.stages)-1]
	chains := pp.texts.chains(last)
	var out []placedStatement
	for i := range pp.build.Files() {
		for _, st := range pp.build.File(i).Statements() {
			final, stage, place := placeInstruction(st.Instruction, chains[i], pp.stages)
			if final {
				stage = place.Stage
			}
			out = append(out, placedStatement{st, final, stage})
		}
	}
	return out
}
