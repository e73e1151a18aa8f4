P
*2.21.0D

nodeConst

nodeEagerPyFunc

nodePyFunc

nodeSaveV2