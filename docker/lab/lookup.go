// What a Go program learns of a name by Go's own resolver: its addresses, one a line, or why there are none.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go-lookup NAME")
		os.Exit(2)
	}
	limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	resolver := net.Resolver{PreferGo: true}
	addresses, err := resolver.LookupHost(limit, os.Args[1])
	var failed *net.DNSError
	if errors.As(err, &failed) {
		if failed.IsNotFound {
			fmt.Println("no such host")
		} else {
			fmt.Println(failed.Err)
		}
		os.Exit(1)
	}
	for _, address := range addresses {
		fmt.Println(address)
	}
}
