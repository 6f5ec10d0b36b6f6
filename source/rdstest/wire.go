package rdstest

import (
	"encoding/xml"
	"fmt"
	"net/http"
)

const namespace = "http://rds.amazonaws.com/doc/2014-10-31/"

const requestID = "00000000-0000-4000-8000-000000000000"

// apiError is an error as RDS answers it.
type apiError struct {
	status  int
	code    string
	message string
}

func (e *apiError) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(e.status)
	kind := "Sender"
	if e.status >= 500 {
		kind = "Receiver"
	}
	_ = xml.NewEncoder(w).Encode(struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Type      string   `xml:"Error>Type"`
		Code      string   `xml:"Error>Code"`
		Message   string   `xml:"Error>Message"`
		RequestID string   `xml:"RequestId"`
	}{Namespace: namespace, Type: kind, Code: e.code, Message: e.message, RequestID: requestID})
}

// writeResult wraps a result in the response of its action. The result is a
// struct; its XMLName is set by the action's name.
func writeResult(w http.ResponseWriter, action string, result any) {
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<%sResponse xmlns="%s">`, action, namespace)
	_ = xml.NewEncoder(w).EncodeElement(result, xml.StartElement{Name: xml.Name{Local: action + "Result"}})
	fmt.Fprintf(w, `<ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>`, requestID, action)
}

type describeResult struct {
	Files  []fileDetails `xml:"DescribeDBLogFiles>DescribeDBLogFilesDetails"`
	Marker string        `xml:"Marker,omitempty"`
}

type fileDetails struct {
	LastWritten int64  // POSIX time, in milliseconds
	LogFileName string // with the folder
	Size        int64  // bytes
}

// portionResult has pointers because RDS may leave out any of the three.
type portionResult struct {
	LogFileData           *string `xml:",omitempty"`
	Marker                *string `xml:",omitempty"`
	AdditionalDataPending *bool   `xml:",omitempty"`
}
