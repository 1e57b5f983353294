package secret_test

import (
	"testing"

	"github.com/zricethezav/gitleaks/v8/detect"

	_ "github.com/scan-build/scan-build/scan/secret"
)

func TestGitleaksDetectorLoads(t *testing.T) {
	if _, err := detect.NewDetectorDefaultConfig(); err != nil {
		t.Fatal(err)
	}
}
