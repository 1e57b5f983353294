package frontend

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/moby/buildkit/frontend/dockerfile/builder"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/subrequests"
	"github.com/pkg/errors"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/report"
)

const (
	scanRequest     = "frontend.scan"
	describeRequest = subrequests.RequestSubrequestsDescribe
)

// blockedStatus is the exit status of a client whose call found a blocking
// finding.
const blockedStatus = 2

// call answers --call=scan: the report in place of an image.
func call(ctx context.Context, c gwclient.Client, version string) (*gwclient.Result, error) {
	_, out, opt, err := buildAndScan(ctx, c, version)
	if err != nil {
		return nil, err
	}
	if err := out.Judge(opt); err != nil {
		return nil, err
	}
	var txt, js bytes.Buffer
	if err := report.Write(&txt, "table", out.Report); err != nil {
		return nil, &ScanError{Err: err}
	}
	if err := report.Write(&js, "json", out.Report); err != nil {
		return nil, &ScanError{Err: err}
	}
	res := gwclient.NewResult()
	res.AddMeta("result.txt", txt.Bytes())
	res.AddMeta("result.json", js.Bytes())
	res.AddMeta("version", []byte(strconv.Itoa(scan.SchemaVersion)))
	if out.Report.Verdict.Outcome == scan.OutcomeBlock {
		res.AddMeta("result.statuscode", []byte(strconv.Itoa(blockedStatus)))
	}
	return res, nil
}

// describe lists the Dockerfile frontend's requests and this one.
func describe(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
	res, err := builder.Build(ctx, c)
	if err != nil {
		return nil, err
	}
	var all []subrequests.Request
	if err := json.Unmarshal(res.Metadata["result.json"], &all); err != nil {
		return nil, errors.Wrap(err, "failed to read the frontend's requests")
	}
	all = append(all, subrequests.Request{
		Name:        scanRequest,
		Version:     "1.0.0",
		Type:        subrequests.TypeRPC,
		Description: "Scan every layer of the build and report what is found",
		Opts:        []subrequests.Named{},
		Metadata:    []subrequests.Named{{Name: "result.json"}, {Name: "result.txt"}},
	})
	dt, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, errors.Wrap(err, "failed to write requests")
	}
	var txt bytes.Buffer
	if err := subrequests.PrintDescribe(dt, &txt); err != nil {
		return nil, err
	}
	res.AddMeta("result.json", dt)
	res.AddMeta("result.txt", txt.Bytes())
	return res, nil
}
