package frontend

import (
	"github.com/scan-build/scan-build/frontend/graph"
	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/check"
)

// placedStatement is an instruction of a Dockerfile in full and how a report
// shows it.
type placedStatement struct {
	graph.Statement
	// final says that the image has it: it stands in the target's stage, in one
	// that this continues, or before the first FROM.
	final bool
	place *scan.Layer
}

// statements lists the instructions of a platform's Dockerfiles that take part in
// the build. Nothing in them that the secrets search knows is left readable.
func (pp *planPlatform) statements() []placedStatement {
	if len(pp.stages) == 0 {
		return nil
	}
	chains := pp.texts.chains(&pp.stages[len(pp.stages)-1])
	var out []placedStatement
	for i := range pp.build.Files() {
		for _, st := range pp.build.File(i).Statements() {
			final, _, place := placeInstruction(st.Instruction, chains[i], pp.stages)
			if final || pp.builds(st.Instruction) {
				out = append(out, placedStatement{st, final, place})
			}
		}
	}
	return out
}

// builds says whether an instruction's stage made a layer of the build.
func (pp *planPlatform) builds(in graph.Instruction) bool {
	for _, st := range pp.stages {
		for _, l := range st.layers {
			if l.from.Source == in.Source && l.from.StageIndex() == in.StageIndex() {
				return true
			}
		}
	}
	return false
}

// addChecks puts what the checks find in the Dockerfile's instructions into the
// final stages of a report. The checks of what the report itself says follow
// once it is complete.
func (p *plan) addChecks(r *scan.Report) {
	for i := range p.platforms {
		final := r.Platforms[i].FinalStage()
		for _, st := range p.platforms[i].statements() {
			found := check.Instructions([]check.Instruction{{
				Keyword: st.Keyword, Text: st.Full, Flags: st.Flags, Final: st.final,
				Stage: st.place.Stage, File: st.place.File, StartLine: st.place.StartLine, EndLine: st.place.EndLine,
			}})
			for _, m := range found {
				m.Instruction = st.place // the text on one line
				final.Misconfigurations = append(final.Misconfigurations, m)
			}
		}
	}
}
