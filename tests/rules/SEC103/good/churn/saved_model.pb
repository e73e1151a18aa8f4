W
*2.21.0K

nodeConst

nodeMatMul

nodeSaveV2

nodeMergeV2Checkpoints