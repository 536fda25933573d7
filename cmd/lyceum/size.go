package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// size is a number of bytes as people write it: 500MB, 1.5GB, 1073741824. Units are of 1024.
type size int64

var sizeUnits = map[string]float64{"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}

// UnmarshalText reads it.
func (s *size) UnmarshalText(text []byte) error {
	written := strings.ToUpper(strings.ReplaceAll(string(text), " ", ""))
	number := strings.TrimRight(written, "KMGTB")
	unit, known := sizeUnits[written[len(number):]]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(n >= 0) || n*unit > math.MaxInt64/2 {
		return fmt.Errorf("%q is no size: write 500MB, 50GB or a number of bytes", text)
	}
	*s = size(n * unit)
	return nil
}

// String writes it in the largest unit that loses nothing much.
func (s size) String() string {
	n, unit := float64(s), "B"
	for _, u := range []string{"KB", "MB", "GB", "TB"} {
		if n < 1024 {
			break
		}
		n, unit = n/1024, u
	}
	return strconv.FormatFloat(math.Round(n*10)/10, 'f', -1, 64) + " " + unit
}
