// Asm writes the assembly of hasher/kernel. There is a file for each way to
// hash, and a function for each step of it, so that a register or an order of
// instructions is changed in one place.
//
// make generate writes the files; make check writes them elsewhere, in memory,
// and compares.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// files are the files by name, and what writes each.
var files = []struct {
	name  string
	write func(*build.Context)
}{
	{"clock_amd64.s", clock},
	{"scrypt_avx2_amd64.s", scryptAVX2},
	{"scrypt_avx512_amd64.s", scryptAVX512},
	{"sha256x4_amd64.s", sha256x4},
	{"sha256x4avx_amd64.s", sha256x4AVX},
	{"sha256x8_amd64.s", sha256x8},
	{"sha256x8rolled_amd64.s", sha256x8rolled},
	{"sha256rolled_amd64.s", sha256rolled},
	{"sha256rolledavx_amd64.s", sha256rolledAVX},
}

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", "../../hasher/kernel", "where the files are")
	check := flag.Bool("check", false, "compare with the files that are there; write nothing")
	flag.Parse()
	if err := run(*dir, *check); err != nil {
		log.Fatal(err)
	}
}

func run(dir string, check bool) error {
	for _, f := range files {
		text, err := assembly(f.write)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		path := filepath.Join(dir, f.name)
		if !check {
			err = os.WriteFile(path, text, 0o644)
		} else {
			err = compare(path, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errStale = errors.New("is not what its generator writes: run make generate")

func compare(path string, text []byte) error {
	is, err := os.ReadFile(path)
	if err == nil && !bytes.Equal(is, text) {
		err = fmt.Errorf("%s: %w", path, errStale)
	}
	return err
}

func assembly(write func(*build.Context)) ([]byte, error) {
	c := build.NewContext()
	write(c)
	file, err := c.Result()
	if err != nil {
		return nil, err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return nil, err
	}
	return printer.NewGoAsm(printer.Config{Argv: []string{"make", "generate"}}).Print(file)
}
