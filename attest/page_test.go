package attest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// onePage cuts a registry's listing of referrers into pages of one entry and
// links to the next (distribution-spec 1.1, "Listing Referrers").
func onePage(resp *http.Response, req *http.Request, pages *atomic.Int32) (*http.Response, error) {
	defer resp.Body.Close()
	var index v1.IndexManifest
	if err := json.NewDecoder(resp.Body).Decode(&index); err != nil {
		return nil, err
	}
	pages.Add(1)
	page, _ := strconv.Atoi(req.URL.Query().Get("page"))
	// The registry lists in no particular order.
	byDigest := map[string]v1.Descriptor{}
	digests := make([]string, 0, len(index.Manifests))
	for _, d := range index.Manifests {
		byDigest[d.Digest.String()] = d
		digests = append(digests, d.Digest.String())
	}
	if page < len(digests) {
		slices.Sort(digests)
		index.Manifests = []v1.Descriptor{byDigest[digests[page]]}
		if page+1 < len(digests) {
			resp.Header.Set("Link", fmt.Sprintf(`<%s?page=%d>; rel="next"`, req.URL.Path, page+1))
		}
	}
	raw, err := json.Marshal(index)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	resp.ContentLength = int64(len(raw))
	return resp, nil
}
