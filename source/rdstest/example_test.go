package rdstest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"slowdigest/source/rdstest"
)

// A program reads a log through the SDK, while RDS answers early that there is no
// more to come.
func Example() {
	srv := rdstest.NewServer()
	defer srv.Close()
	srv.PortionBytes = 20
	db := srv.AddInstance("orders-1")
	db.Write(rdstest.SlowLog, []byte("SELECT 1;\nSELECT 2;\nSELECT 3;\n"), time.Date(2026, 11, 23, 9, 59, 0, 0, time.UTC))
	srv.Inject(rdstest.Fault{Kind: rdstest.EarlyEnd})

	client := rds.NewFromConfig(srv.Config())
	for marker := "0"; ; {
		out, err := client.DownloadDBLogFilePortion(context.Background(), &rds.DownloadDBLogFilePortionInput{
			DBInstanceIdentifier: aws.String("orders-1"),
			LogFileName:          aws.String(rdstest.SlowLog),
			Marker:               aws.String(marker),
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q %s %v\n", *out.LogFileData, *out.Marker, *out.AdditionalDataPending)
		if marker = *out.Marker; marker == "2026-11-23.10:30" {
			break
		}
	}
	fmt.Println(srv.Calls()[0].Action, srv.Calls()[0].Resource)
	// Output:
	// "SELECT 1;\nSELECT 2;\n" 2026-11-23.10:20 false
	// "SELECT 3;\n" 2026-11-23.10:30 false
	// rds:DownloadDBLogFilePortion arn:aws:rds:eu-central-1:123456789012:db:orders-1
}
