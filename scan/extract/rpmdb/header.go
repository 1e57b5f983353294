package rpmdb

import (
	"bytes"
	"encoding/binary"

	"github.com/pkg/errors"
)

// The tags of rpm's lib/rpmtag.h that are read.
const (
	tagName       = 1000
	tagVersion    = 1001
	tagRelease    = 1002
	tagEpoch      = 1003
	tagLicense    = 1014
	tagArch       = 1022
	tagSourceRPM  = 1044
	tagModularity = 5096
)

const (
	typeInt32      = 4
	typeString     = 6
	typeI18NString = 9
	entrySize      = 16
)

// parseHeader reads a header as a database stores it: the number of index
// entries, the number of data bytes, the entries, the data; all big-endian.
// https://rpm-software-management.github.io/rpm/manual/format_header.html
func parseHeader(b []byte) (Package, error) {
	var p Package
	if err := eachTag(b, func(tag, typ, offset, _ uint32, data []byte) error { return p.set(tag, typ, offset, data) }); err != nil {
		return p, err
	}
	if p.Name == "" || p.Version == "" {
		return p, errors.Errorf("package %q has no name or no version", p.Name)
	}
	return p, nil
}

// eachTag calls visit with every index entry and the data that its offset leads
// into.
func eachTag(b []byte, visit func(tag, typ, offset, count uint32, data []byte) error) error {
	if len(b) < 8 {
		return errors.New("header is too short")
	}
	entries, length := int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	start := 8 + entries*entrySize
	if entries < 1 || start+length > int64(len(b)) || start+length > maxHeader {
		return errors.New("header is longer than its record")
	}
	data := b[start : start+length]
	for i := range entries {
		e := b[8+i*entrySize:]
		if err := visit(
			binary.BigEndian.Uint32(e), binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:]), binary.BigEndian.Uint32(e[12:]), data,
		); err != nil {
			return err
		}
	}
	return nil
}

// set takes over one tag's value.
func (p *Package) set(tag, typ, offset uint32, data []byte) error {
	var to *string
	switch tag {
	case tagName:
		to = &p.Name
	case tagVersion:
		to = &p.Version
	case tagRelease:
		to = &p.Release
	case tagLicense:
		to = &p.License
	case tagArch:
		to = &p.Arch
	case tagSourceRPM:
		to = &p.SourceRPM
	case tagModularity:
		to = &p.Modularity
	case tagEpoch:
		if typ != typeInt32 || int64(offset)+4 > int64(len(data)) {
			return errors.New("epoch is broken")
		}
		epoch := int(binary.BigEndian.Uint32(data[offset:]))
		p.Epoch = &epoch
		return nil
	default:
		return nil
	}
	if (typ != typeString && typ != typeI18NString) || int64(offset) >= int64(len(data)) {
		return errors.Errorf("tag %d is broken", tag)
	}
	end := bytes.IndexByte(data[offset:], 0)
	if end < 0 {
		return errors.Errorf("tag %d does not end", tag)
	}
	*to = string(data[offset : int(offset)+end])
	return nil
}
