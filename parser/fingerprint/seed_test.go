package fingerprint

import (
	"os"
	"strconv"
)

// firstSeed is the same each time, unless SLOWDIGEST_SEED asks for another.
func firstSeed() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("SLOWDIGEST_SEED"), 10, 64); err == nil {
		return n
	}
	return 1
}
