package html_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestScreenshots(t *testing.T) {
	b := open(t, decided(t), "")
	b.shot("desktop")
	b.run(chromedp.Evaluate(`document.querySelector("main").scrollIntoView()`, nil))
	b.shot("desktop-findings")
	b.run(chromedp.Evaluate(`location.hash = "group=layer"`, nil), frame())
	b.shot("desktop-by-layer")
	b.run(chromedp.Evaluate(`location.hash = "finding=6"`, nil), frame())
	b.shot("desktop-details")
	b.run(chromedp.Evaluate(`location.hash = "view=packages"`, nil), frame())
	b.run(chromedp.Evaluate(`document.querySelector("dialog").close()`, nil), frame())
	b.run(chromedp.Evaluate(`location.hash = "view=packages"`, nil), frame())
	b.shot("desktop-packages")
	b.run(chromedp.Evaluate(`location.hash = "view=layers"`, nil), frame())
	b.shot("desktop-layers")
	b.run(scheme("dark"), chromedp.Evaluate(`location.hash = ""`, nil), frame(), chromedp.Evaluate(`scrollTo(0, 0)`, nil), frame())
	b.shot("dark")
	b.run(chromedp.Evaluate(`location.hash = "finding=6"`, nil), frame())
	b.shot("dark-details")
	b.run(phone(), frame())
	b.shot("phone-dark-details")
	b.run(chromedp.Evaluate(`document.querySelector("dialog").close()`, nil), scheme("light"), chromedp.Evaluate(`scrollTo(0, 0)`, nil), frame())
	b.shot("phone")
	b.run(chromedp.Evaluate(`document.querySelector("main").scrollIntoView()`, nil), frame())
	b.shot("phone-findings")
	b.click("#more")
	b.shot("phone-filters")
	b.run(chromedp.Evaluate(`location.hash = "group=package"`, nil), frame())
	b.click("#more")
	b.shot("phone-by-package")
	b.run(chromedp.Evaluate(`location.hash = "view=layers"`, nil), frame())
	b.shot("phone-layers")
	b.run(size(800, 900), chromedp.Evaluate(`location.hash = ""`, nil), frame())
	b.shot("tablet")
}
