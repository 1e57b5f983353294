package files

import (
	"debug/elf"
	"encoding/binary"
)

// content is what the beginning of a file says that it is.
type content uint8

const (
	other content = iota
	program
	coreDump
)

// classify reads an ELF header and the program headers behind it, see elf(5). A
// program has a fixed address, or an interpreter, or, linked statically for any
// address, at least an entry point, which shared libraries made by today's linkers
// lack.
func classify(head []byte) content {
	if len(head) < 52 || string(head[:4]) != elf.ELFMAG {
		return other
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	switch elf.Type(order.Uint16(head[16:])) {
	case elf.ET_CORE:
		return coreDump
	case elf.ET_EXEC:
		return program
	case elf.ET_DYN:
		if hasEntry(head, order) || hasInterpreter(head, order) {
			return program
		}
	}
	return other
}

func hasEntry(head []byte, order binary.ByteOrder) bool {
	if elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64 {
		return order.Uint64(head[24:]) != 0
	}
	return order.Uint32(head[24:]) != 0
}

func hasInterpreter(head []byte, order binary.ByteOrder) bool {
	var at, size, count uint64
	if elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64 {
		if len(head) < 64 {
			return false
		}
		at, size, count = order.Uint64(head[32:]), uint64(order.Uint16(head[54:])), uint64(order.Uint16(head[56:]))
	} else {
		at, size, count = uint64(order.Uint32(head[28:])), uint64(order.Uint16(head[42:])), uint64(order.Uint16(head[44:]))
	}
	for range count {
		if at > uint64(len(head))-4 {
			// What cannot be seen may be there.
			return true
		}
		if elf.ProgType(order.Uint32(head[at:])) == elf.PT_INTERP {
			return true
		}
		if at += size; size == 0 {
			break
		}
	}
	return false
}
