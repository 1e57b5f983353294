package frontend_test

import (
	"testing"
)

func TestTryFacts(t *testing.T) {
	w := engine(t)
	p := w.project(t, map[string]string{"Dockerfile": "FROM $BASE AS Build\nENV API_KEY=abcdef\nRUN true\nFROM $BASE\nMAINTAINER me\nLABEL a=b\nCOPY --from=Build Dockerfile* /x\nRUN true\nCMD echo hi\n"})
	b := p.scanBuild(t, "--report=json=r.json", "--fail-on=none", "--progress=plain")
	t.Log(b.Stderr)
	t.Log(p.read(t, "r.json"))
}
