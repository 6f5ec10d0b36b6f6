package parser

import (
	"os"
	"strconv"
)

// firstSeed is the same each time, unless SLOWDIGEST_SEED asks for another.
func firstSeed() uint64 {
	given := os.Getenv("SLOWDIGEST_SEED")
	if given == "" {
		return 1
	}
	n, err := strconv.ParseUint(given, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}
