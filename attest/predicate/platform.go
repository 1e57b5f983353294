package predicate

import (
	"strings"

	"github.com/containerd/platforms"
	"github.com/pkg/errors"
)

// ChoosePlatform finds a platform among others, however it is spelled: "arm64" is
// "linux/arm64/v8". The error lists those that there are.
func ChoosePlatform(ids []string, want string) (int, error) {
	spec, err := platforms.Parse(want)
	if err != nil {
		return 0, errors.Wrapf(err, "%q is no platform, want e.g. linux/arm64", want)
	}
	spec = platforms.Normalize(spec)
	match := platforms.OnlyStrict(spec)
	for i, id := range ids {
		if p, err := platforms.Parse(id); err == nil && match.Match(platforms.Normalize(p)) {
			return i, nil
		}
	}
	return 0, errors.Errorf("there is no platform %s, only %s", want, strings.Join(ids, ", "))
}
