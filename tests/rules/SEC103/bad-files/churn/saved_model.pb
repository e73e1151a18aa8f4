>
*2.21.02

nodeConst

nodeReadFile

nodePrintV2