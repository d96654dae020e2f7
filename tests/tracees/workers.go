// Goroutines that read files and run programs, on as many threads as it takes.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
)

func main() {
	const workers = 8
	var all sync.WaitGroup
	for i := 0; i < workers; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := os.ReadFile("/etc/passwd"); err != nil {
				panic(err)
			}
			if err := exec.Command("true").Run(); err != nil {
				panic(err)
			}
		}()
	}
	all.Wait()
	fmt.Println(workers, "programs have run")
}
