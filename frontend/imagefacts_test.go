package frontend

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// Of a configuration's secrets nothing is left, however many there are and
// wherever they stand, names included.
func TestFactsOfAConfigurationHoldNoSecret(t *testing.T) {
	var img dockerspec.DockerOCIImage
	img.Config.Labels = map[string]string{}
	var values []string
	secret := func() string {
		values = append(values, token())
		return values[len(values)-1]
	}
	for i := range maxKnown + 20 {
		name, value := fmt.Sprintf("api_key_%d", i), fmt.Sprintf("%03dk9x2%s", i, strings.ToLower(token()[4:24]))
		for !holdsSecret(t, name+"="+value) { // one that a rule takes for random
			value = fmt.Sprintf("%03dk9x2%s", i, strings.ToLower(token()[4:24]))
		}
		values = append(values, value)
		img.Config.Labels[name] = value
	}
	img.Config.Labels["plain"] = secret()
	img.Config.User = secret()
	img.Config.WorkingDir = "/" + secret()
	img.Config.Env = []string{"T=" + secret(), secret() + "=x"}
	img.Config.Entrypoint = []string{"serve", "--token", secret()}
	img.Config.Cmd = []string{secret()}
	dt, err := json.Marshal(img)
	if err != nil {
		t.Fatal(err)
	}
	f := testFinder(t)
	c, err := parseConfig(dt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.find(f); err != nil {
		t.Fatal(err)
	}
	facts, err := f.imageFacts(dt)
	if err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if strings.Contains(string(out), v) {
			t.Errorf("%s is in %s", v, out)
		}
	}
	if len(facts.Labels) != len(img.Config.Labels) || len(facts.EnvNames) != 2 {
		t.Errorf("facts are missing: %s", out)
	}
}

// holdsSecret says whether a text holds a secret that the rules know.
func holdsSecret(t *testing.T, text string) bool {
	t.Helper()
	found, err := testFinder(t).find("Labels", text)
	if err != nil {
		t.Fatal(err)
	}
	return len(found) > 0
}

func TestBrokenConfigurationIsAnError(t *testing.T) {
	f := testFinder(t)
	if _, err := f.imageFacts([]byte("[]")); err == nil {
		t.Error("no error")
	}
	if facts, err := f.imageFacts(nil); facts != nil || err != nil {
		t.Errorf("got %+v, %v of none", facts, err)
	}
}
