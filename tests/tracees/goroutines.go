// A static Go program: goroutines that block in system calls (so that the
// runtime starts threads), a server and its clients, and children.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "tracee:", err)
		os.Exit(98)
	}
}

// Each goroutine holds a thread in a read until all have begun.
func block(count int) {
	var begun, done sync.WaitGroup
	var ends []int
	for i := 0; i < count; i++ {
		var pair [2]int
		must(syscall.Pipe(pair[:]))
		ends = append(ends, pair[1])
		begun.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			begun.Done()
			n, err := syscall.Read(pair[0], make([]byte, 1))
			must(err)
			if n != 1 {
				os.Exit(97)
			}
		}()
	}
	begun.Wait()
	for _, end := range ends {
		_, err := syscall.Write(end, []byte("x"))
		must(err)
	}
	done.Wait()
}

func serve(count int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(connection, connection)
				connection.Close()
			}()
		}
	}()
	var done sync.WaitGroup
	for i := 0; i < count; i++ {
		done.Add(1)
		go func(i int) {
			defer done.Done()
			connection, err := net.Dial("tcp", listener.Addr().String())
			must(err)
			said := fmt.Sprintf("client %d", i)
			_, err = io.WriteString(connection, said)
			must(err)
			must(connection.(*net.TCPConn).CloseWrite())
			heard, err := io.ReadAll(connection)
			must(err)
			if string(heard) != said {
				os.Exit(96)
			}
		}(i)
	}
	done.Wait()
	listener.Close()
}

func children(count int) {
	var done sync.WaitGroup
	for i := 0; i < count; i++ {
		done.Add(1)
		go func(i int) {
			defer done.Done()
			command := exec.Command("/bin/sh", "-c", fmt.Sprintf("exit %d", 10+i))
			if err := command.Run(); command.ProcessState == nil {
				must(err)
			}
			fmt.Printf("exit tid=%d code=%d\n", command.ProcessState.Pid(), command.ProcessState.ExitCode())
		}(i)
	}
	done.Wait()
}

func main() {
	block(8)
	serve(6)
	children(4)
	os.Exit(17)
}
