// Lists tar archives as Docker's reader sees them: Go's archive/tar. Archives come on standard input, each after its length
// in four bytes; for each one line of JSON is written.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
)

type entry struct {
	Type    string
	Name    string
	Link    string
	Mode    int64
	Size    int64
	Content string
}

type listing struct {
	Error   string
	Entries []entry
}

func list(archive []byte) listing {
	result := listing{Entries: []entry{}}
	reader := tar.NewReader(bytes.NewReader(archive))
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return result
		}
		if err != nil {
			result.Error = err.Error()
			return result
		}
		digest := sha256.New()
		size, err := io.Copy(digest, reader)
		if err != nil {
			result.Error = err.Error()
			return result
		}
		result.Entries = append(result.Entries, entry{
			string(header.Typeflag), hex.EncodeToString([]byte(header.Name)),
			hex.EncodeToString([]byte(header.Linkname)), header.Mode & 07777, size,
			hex.EncodeToString(digest.Sum(nil)),
		})
	}
}

func main() {
	input := bufio.NewReader(os.Stdin)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	encoder := json.NewEncoder(output)
	for {
		var length uint32
		if binary.Read(input, binary.BigEndian, &length) != nil {
			return
		}
		archive := make([]byte, length)
		if _, err := io.ReadFull(input, archive); err != nil {
			panic(err)
		}
		if err := encoder.Encode(list(archive)); err != nil {
			panic(err)
		}
	}
}
