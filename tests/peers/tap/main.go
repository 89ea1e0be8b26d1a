// Command tap stands between a client and a server of OTLP, hands on each byte as
// it is, both ways, and prints a line of JSON for each export that passed: its path
// and its message. So neither of the two sees another peer than the other one.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

var (
	listen = flag.String("listen", "127.0.0.1:0", "where to listen")
	to     = flag.String("to", "", "host:port of the server")
)

var lock sync.Mutex

func say(line any) {
	lock.Lock()
	defer lock.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		log.Fatal(err)
	}
}

// passed tells of an export.
func passed(path, encoding string, message []byte) error {
	switch encoding {
	case "", "identity":
	case "gzip":
		reader, err := gzip.NewReader(bytes.NewReader(message))
		if err != nil {
			return err
		}
		if message, err = io.ReadAll(reader); err != nil {
			return err
		}
	default:
		return fmt.Errorf("an encoding that this tap does not know: %s", encoding)
	}
	say(map[string]string{"path": path, "message": base64.StdEncoding.EncodeToString(message)})
	return nil
}

// call is a request of gRPC that is not over.
type call struct {
	path, encoding string
	body           bytes.Buffer
}

// message is that of a unary call, which has five bytes before it.
func (c *call) message() (string, []byte, error) {
	body := c.body.Bytes()
	if len(body) < 5 || int(binary.BigEndian.Uint32(body[1:])) != len(body)-5 {
		return "", nil, errors.New("it is not one message")
	}
	if body[0] == 0 {
		return "", body[5:], nil
	}
	return c.encoding, body[5:], nil
}

func readGRPC(from io.Reader) error {
	if _, err := io.CopyN(io.Discard, from, int64(len(http2.ClientPreface))); err != nil {
		return err
	}
	framer := http2.NewFramer(io.Discard, from)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	framer.SetMaxReadFrameSize(1<<24 - 1)
	calls := map[uint32]*call{}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return err
		}
		switch frame := frame.(type) {
		case *http2.MetaHeadersFrame:
			calls[frame.StreamID] = &call{path: frame.PseudoValue("path")}
			for _, field := range frame.RegularFields() {
				if field.Name == "grpc-encoding" {
					calls[frame.StreamID].encoding = field.Value
				}
			}
		case *http2.DataFrame:
			call := calls[frame.StreamID]
			call.body.Write(frame.Data())
			if !frame.StreamEnded() {
				continue
			}
			delete(calls, frame.StreamID)
			encoding, message, err := call.message()
			if err != nil {
				return err
			}
			if err := passed(call.path, encoding, message); err != nil {
				return err
			}
		}
	}
}

func readHTTP(from *bufio.Reader) error {
	for {
		request, err := http.ReadRequest(from)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return err
		}
		if err := passed(request.URL.Path, request.Header.Get("content-encoding"), body); err != nil {
			return err
		}
	}
}

// read understands what a client sends, whichever protocol it speaks.
func read(from io.Reader) {
	buffered := bufio.NewReader(from)
	begin, err := buffered.Peek(4)
	if err == nil && string(begin) == "PRI " {
		err = readGRPC(buffered)
	} else if err == nil {
		err = readHTTP(buffered)
	}
	if !errors.Is(err, io.EOF) {
		say(map[string]string{"error": err.Error()})
	}
	// What comes now is handed on all the same.
	_, _ = io.Copy(io.Discard, from)
}

func serve(client *net.TCPConn) error {
	defer client.Close()
	made, err := net.Dial("tcp", *to)
	if err != nil {
		return err
	}
	defer made.Close()
	server := made.(*net.TCPConn)
	seen, see := io.Pipe()
	var all sync.WaitGroup
	all.Go(func() { read(seen) })
	all.Go(func() {
		_, _ = io.Copy(io.MultiWriter(server, see), client)
		_ = server.CloseWrite()
		_ = see.Close()
	})
	_, _ = io.Copy(client, server)
	_ = client.CloseWrite()
	all.Wait()
	return nil
}

func main() {
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	say(map[string]string{"listening": listener.Addr().String()})
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			if err := serve(client.(*net.TCPConn)); err != nil {
				say(map[string]string{"error": err.Error()})
			}
		}()
	}
}
