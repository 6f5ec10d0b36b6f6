// Package rdstest is a fake of the part of Amazon RDS that serves log files, for
// tests of programs that read them and for trying such programs without an account.
//
// A Server speaks the AWS query protocol over HTTP, so the program under test
// keeps its real SDK client, whatever the language; only the endpoint differs.
// A program in a process of its own finds it by AWS_ENDPOINT_URL_RDS. The server
// knows DescribeDBLogFiles, DownloadDBLogFilePortion, DescribeDBInstances,
// DescribeDBParameters, DescribeDBClusters (one) and DescribeDBClusterParameters, and
// the signed request downloadCompleteLogFile.
//
// # What it does
//
// It answers as RDS has been observed to, which is not always as documented:
//
//   - A portion is at most 1 MB or 10,000 lines, whichever is less. One that
//     ends within a line carries the truncation notice, and its marker skips the
//     rest of that line.
//   - The marker of a live file names the hour of the coming rotation. On the
//     live name it follows the file across one rotation only; then it is stuck,
//     and when its file is purged it reads the live file at the same offset. On
//     a rotated name only its offset counts.
//   - Bytes outside ASCII arrive as question marks.
//
// What differs between engines and has differed over the years can be set: the
// form of markers (Server.Markers) and of the names of rotated files
// (Instance.Names), and what becomes of bytes that are not text (Server.Text). So
// can the size of portions, the latency of downloads and the rate of calls that is
// allowed.
//
// # A test
//
//	srv := rdstest.NewServer()
//	defer srv.Close()
//	db := srv.AddInstance("orders-1")
//	db.Write(rdstest.SlowLog, text, lastWritten)
//	client := rds.NewFromConfig(srv.Config())
//
// ServeDir serves a directory of logs instead, and a file of any size needs no more
// than an io.ReaderAt: see Content. A client that is another program wants the
// Server's URL, Region, AccessKeyID and SecretAccessKey in its environment.
//
// Instances change on command: Append, Rotate, Truncate, Rename and Remove.
// They go to sleep by Stop or Pause and wake by Start; EndHour ends an hour of theirs;
// and the server has RemoveInstance and RenameInstance.
// Faults are injected by name, for the next call or for many:
//
//	srv.Inject(rdstest.Fault{Kind: rdstest.StuckMarker, Skip: 2, Times: 3})
//
// Calls records every call with the action and the resource that IAM would ask
// about, so that a policy can be compared with what a program needs.
package rdstest
