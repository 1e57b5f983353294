package scan

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"

	"github.com/pkg/errors"
)

// Pack compresses what goes into an operation of a build as part of its
// definition, which BuildKit takes in messages of at most 16 MiB. The same
// input always gives the same output.
func Pack(b []byte) ([]byte, error) {
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	if _, err := zw.Write(b); err != nil {
		return nil, errors.Wrap(err, "failed to compress")
	}
	if err := zw.Close(); err != nil {
		return nil, errors.Wrap(err, "failed to compress")
	}
	return buf.Bytes(), nil
}

// Unpack reads what Pack made, at most limit bytes of it.
func Unpack(r io.Reader, limit int64) ([]byte, error) {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return nil, errors.Wrap(err, "failed to decompress")
	}
	b, err := io.ReadAll(io.LimitReader(zr, limit+1))
	if err != nil {
		return nil, errors.Wrap(err, "failed to decompress")
	}
	if int64(len(b)) > limit {
		return nil, errors.Errorf("more than %d bytes when decompressed", limit)
	}
	return b, nil
}

// UnpackJSON reads a JSON document that was packed.
func UnpackJSON(r io.Reader, limit int64, v any) error {
	b, err := Unpack(r, limit)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
