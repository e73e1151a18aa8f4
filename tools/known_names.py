"""Names for the allow-lists that no walk through an installed library finds: old spellings and rebuild functions."""

from __future__ import annotations

import re


def listed(kind: str, text: str) -> dict[str, str]:
    """Entries of one kind from lines of `module:name name ...`; `{a,b}` in a module stands for both spellings."""
    entries: dict[str, str] = {}
    for line in text.strip().splitlines():
        module, _, names = line.strip().partition(":")
        choice = re.search(r"\{(.*)\}", module)
        spellings = [module.replace(choice[0], part) for part in choice[1].split(",")] if choice else [module]
        entries |= {f"{spelling}:{name}": kind for spelling in spellings for name in names.split()}
    return entries


#: Discrete distributions keep their own method, bound.
DISCRETE_DISTRIBUTIONS = (
    "bernoulli betabinom betanbinom binom boltzmann dlaplace geom hypergeom logser nbinom nchypergeom_fisher"
    " nchypergeom_wallenius nhypergeom planck poisson poisson_binom randint skellam yulesimon zipf zipfian"
)

KNOWN: dict[str, dict[str, str]] = {
    "numpy": listed(
        "function",
        """
        numpy.{core,_core}.multiarray:_reconstruct scalar
        numpy.{core,_core}.numeric:_frombuffer
        numpy.random:__RandomState_ctor
        numpy.random._pickle:__randomstate_ctor __generator_ctor __bit_generator_ctor
        numpy.ma.core:_mareconstruct
        numpy.{core,_core}._internal:_convert_to_stringdtype_kwargs
        numpy.core._internal:_reconstruct
        """,
    )
    | listed(
        "constructor",
        """
        numpy:dtype void record int int_ uint float float_ bool bool_ bool8 str str_ bytes_ object object_ complex
        numpy:complex_ unicode_ string_ longfloat longcomplex intp uintp
        """,
    )
    | listed(
        "class",
        """
        numpy:ndarray matrix recarray chararray poly1d vectorize finfo iinfo
        numpy.lib.{function_base,_function_base_impl}:vectorize
        numpy.char:chararray
        numpy.{core,_core}.defchararray:chararray
        numpy.lib.{polynomial,_polynomial_impl}:poly1d
        numpy.matrixlib.defmatrix:matrix
        numpy.rec:recarray
        numpy.{core,_core}.records:recarray record
        numpy.ma:MaskedArray
        numpy.ma.core:MaskedArray MaskedConstant
        numpy.{core,_core}.multiarray:ndarray
        """,
    )
    | listed(
        "name",
        """
        numpy:pi e inf nan newaxis mean median std var sum prod min max amin amax ptp average nanmean nanmedian
        numpy:nanstd nanvar nansum nanmin nanmax argmax argmin clip where nan_to_num round around cumsum diff ravel
        numpy:squeeze reshape transpose concatenate hstack vstack stack log1p expm1 sqrt abs absolute asarray array
        numpy:count_nonzero percentile quantile unique zeros ones identity dot
        numpy:column_stack corrcoef linspace logspace arange full eye cumprod cov histogram bincount digitize interp
        numpy:searchsorted sort argsort flip fliplr flipud roll tile repeat stack split array_split expand_dims
        numpy:atleast_1d atleast_2d atleast_3d nancumsum nanpercentile nanquantile nanprod nanargmax nanargmin
        numpy:isclose allclose array_equal all any trace outer inner vdot matmul tensordot einsum cross kron diagonal
        numpy:diag tril triu gradient trapz trapezoid meshgrid moveaxis swapaxes rollaxis broadcast_to take choose
        numpy:compress nonzero flatnonzero argwhere isin in1d intersect1d union1d setdiff1d asanyarray asfortranarray
        numpy:ascontiguousarray empty zeros_like ones_like full_like empty_like ptp polyfit polyval unwrap real imag
        numpy:angle delete insert append select piecewise where
        numpy.linalg:norm inv pinv det slogdet eig eigh eigvals eigvalsh svd qr solve lstsq cholesky matrix_power
        numpy.linalg:matrix_rank multi_dot
        numpy.linalg.{linalg,_linalg}:norm inv pinv det slogdet eig eigh eigvals eigvalsh svd qr solve lstsq cholesky
        numpy.{core,_core}.defchararray:lower upper strip lstrip rstrip title capitalize swapcase replace add split join
        numpy.{char,strings}:lower upper strip lstrip rstrip title capitalize swapcase replace add
        numpy.{core,_core}.shape_base:vstack hstack stack atleast_1d atleast_2d atleast_3d
        numpy.lib.{shape_base,_shape_base_impl}:column_stack expand_dims tile split
        numpy.lib.{nanfunctions,_nanfunctions_impl}:nanmean nanmedian nanstd nanvar nansum nanmin nanmax
        numpy.{core,_core}.fromnumeric:mean std var sum prod amin amax argmax argmin clip ravel squeeze reshape cumsum
        numpy.lib.function_base:median average percentile quantile diff
        numpy.lib._function_base_impl:median average percentile quantile diff
        numpy.lib.type_check:nan_to_num
        numpy.random._pickle:__randomstate_ctor().rand __randomstate_ctor().randn __randomstate_ctor().randint
        numpy.random._pickle:__randomstate_ctor().normal __randomstate_ctor().uniform __randomstate_ctor().choice
        numpy.random._pickle:__randomstate_ctor().permutation __randomstate_ctor().random_sample
        numpy.random._pickle:__generator_ctor().normal __generator_ctor().uniform __generator_ctor().choice
        numpy.random._pickle:__generator_ctor().integers __generator_ctor().random __generator_ctor().permutation
        numpy.random:RandomState.rand RandomState.randn RandomState.randint RandomState.normal RandomState.uniform
        numpy.random:RandomState.choice RandomState.permutation RandomState.random_sample
        """,
    ),
    "joblib": listed(
        "class",
        """
        joblib.numpy_pickle:NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper
        joblib.numpy_pickle_compat:NDArrayWrapper ZNDArrayWrapper
        """,
    ),
    "sklearn": listed(
        "class",
        """
        sklearn.externals.joblib.numpy_pickle:NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper
        sklearn.externals.joblib.numpy_pickle_compat:NDArrayWrapper ZNDArrayWrapper
        sklearn.datasets.base:Bunch
        sklearn.preprocessing.imputation:Imputer
        sklearn.grid_search:GridSearchCV RandomizedSearchCV _CVScoreTuple
        sklearn.cross_validation:KFold StratifiedKFold
        sklearn.lda:LDA
        sklearn.qda:QDA
        """,
    )
    | listed("name", "sklearn.cluster._kmeans:_kmeans_single_lloyd _kmeans_single_elkan")
    | listed(
        "name",
        """
        sklearn.utils.validation:check_array column_or_1d
        sklearn.ensemble._hist_gradient_boosting.gradient_boosting:HistGradientBoostingClassifier()._raw_predict
        sklearn.ensemble._hist_gradient_boosting.gradient_boosting:HistGradientBoostingRegressor()._raw_predict
        sklearn.ensemble._hist_gradient_boosting.gradient_boosting:BaseHistGradientBoosting._raw_predict
        """,
    )
    | listed("constructor", "sklearn.impute._iterative:_ImputerTriplet")
    | listed("constructor", "sklearn.tree._tree:Tree DepthFirstTreeBuilder BestFirstTreeBuilder")
    | listed(
        "constructor",
        """
        sklearn.neighbors.{kd_tree,_kd_tree}:KDTree KDTree32 KDTree64
        sklearn.neighbors.{ball_tree,_ball_tree}:BallTree BallTree32 BallTree64
        """,
    )
    | listed(
        "function",
        """
        sklearn.neighbors.{kd_tree,_kd_tree,ball_tree,_ball_tree,dist_metrics,_dist_metrics}:newObj
        sklearn.metrics._dist_metrics:newObj
        """,
    ),
    "scipy": listed("class", "scipy.stats._kde:gaussian_kde\nscipy.stats.kde:gaussian_kde")
    | {
        f"scipy.stats._discrete_distns:{name}_gen{instance}._entropy": "name"
        for name in DISCRETE_DISTRIBUTIONS.split()
        for instance in ("", "()")
    }
    | listed(
        "name",
        """
        scipy.stats._distn_infrastructure:rv_discrete._entropy rv_sample()._entropy rv_sample._entropy
        scipy.interpolate.{interpolate,_interpolate}:interp1d()._call_linear_np interp1d()._call_linear
        scipy.interpolate.{interpolate,_interpolate}:interp1d()._call_nearest interp1d()._call_previousnext
        scipy.interpolate.{interpolate,_interpolate}:interp1d()._call_spline interp1d()._call_nan_spline
        scipy.interpolate.{interpolate,_interpolate}:interp1d._call_linear_np interp1d._call_linear
        scipy.interpolate.{interpolate,_interpolate}:interp1d._call_nearest
        scipy.interpolate.{interpolate,_interpolate}:interp1d._call_previousnext interp1d._call_spline
        scipy.interpolate.{interpolate,_interpolate}:interp1d._call_nan_spline
        scipy.sparse.{compressed,_compressed}:_cs_matrix.toarray _cs_matrix.sum _cs_matrix.max
        scipy.sparse.{base,_base}:spmatrix.todense _spbase.todense
        scipy.sparse.{csr,_csr}:csr_matrix.toarray csr_matrix.todense
        scipy.spatial.distance:euclidean sqeuclidean cityblock cosine correlation chebyshev canberra braycurtis
        scipy.spatial.distance:mahalanobis minkowski hamming jaccard dice kulsinski kulczynski1 matching
        scipy.spatial.distance:rogerstanimoto russellrao seuclidean sokalmichener sokalsneath yule jensenshannon
        scipy.spatial.distance:pdist cdist squareform
        scipy.stats._stats_py:zscore pearsonr spearmanr kendalltau skew kurtosis gmean hmean rankdata iqr sem mode
        scipy.stats.stats:zscore pearsonr spearmanr kendalltau skew kurtosis gmean hmean rankdata iqr sem mode
        """,
    )
    | listed(
        "class",
        """
        scipy.stats._distn_infrastructure:rv_frozen rv_continuous_frozen rv_discrete_frozen rv_sample
        scipy.stats._covariance:CovViaPSD CovViaPrecision CovViaDiagonal CovViaCholesky CovViaEigendecomposition
        scipy.stats._multivariate:_PSD
        scipy.stats._survival:ECDFResult EmpiricalDistributionFunction
        scipy.stats._stats_py:LinregressResult TtestResult
        scipy.stats._stats_mstats_common:LinregressResult
        scipy.cluster.hierarchy:ClusterNode
        scipy.sparse.linalg._interface:MatrixLinearOperator IdentityOperator
        scipy.sparse.linalg.interface:MatrixLinearOperator IdentityOperator
        scipy.optimize._constraints:Bounds LinearConstraint
        scipy.signal._ltisys:TransferFunctionContinuous TransferFunctionDiscrete ZerosPolesGainContinuous
        scipy.signal._ltisys:ZerosPolesGainDiscrete StateSpaceContinuous StateSpaceDiscrete
        """,
    )
    | listed("name", "scipy._lib.array_api_compat.numpy._aliases:asarray")
    | listed(
        "class",
        "scipy.optimize._lbfgsb_py:LbfgsInvHessProduct\nscipy.optimize._optimize:OptimizeResult\nscipy.optimize.optimize:OptimizeResult",
    )
    | listed("class", "scipy.interpolate.interpolate:interp1d PPoly\nscipy.interpolate._bsplines:BSpline"),
    "pandas": listed(
        "function",
        """
        pandas.core.{indexes.base,index}:_new_Index
        pandas.indexes.base:_new_Index
        pandas.core.indexes.{datetimes,period,interval}:_new_DatetimeIndex _new_PeriodIndex _new_IntervalIndex
        pandas.core.internals.blocks:new_block
        pandas._libs.internals:_unpickle_block
        pandas._libs.tslibs.timestamps:_unpickle_timestamp
        pandas._libs.tslibs.timedeltas:_timedelta_unpickle
        pandas._libs.tslibs.nattype:_nat_unpickle __nat_unpickle
        pandas._libs.tslibs.period:_unpickle_period
        pandas._libs.arrays:__pyx_unpickle_NDArrayBacked
        """,
    )
    | listed(
        "class",
        """
        pandas.core.indexes.numeric:Int64Index Float64Index UInt64Index NumericIndex
        pandas.core.index:Index Int64Index Float64Index RangeIndex MultiIndex
        pandas.indexes.base:Index
        pandas.indexes.numeric:Int64Index Float64Index
        pandas.indexes.range:RangeIndex
        pandas.core.internals:BlockManager SingleBlockManager
        pandas.core.categorical:Categorical
        """,
    )
    | listed("constructor", "pandas.core.dtypes.dtypes:CategoricalDtype\npandas.api.types:CategoricalDtype")
    | listed("name", "pandas:NA NaT\npandas._libs.missing:NA")
    | listed("class", "pandas.core.resample:TimeGrouper\npandas.core.groupby.grouper:Grouper\npandas:Grouper")
    | listed(
        "name",
        """
        pandas.core.tools.datetimes:to_datetime
        pandas.core.tools.numeric:to_numeric
        pandas.core.tools.timedeltas:to_timedelta
        pandas.core.reshape.{encoding,reshape}:get_dummies
        pandas.core.reshape.tile:cut qcut
        pandas.core.reshape.concat:concat
        pandas.core.dtypes.missing:isna notna
        pandas.core.generic:NDFrame.fillna NDFrame.astype NDFrame.clip NDFrame.abs NDFrame.ffill NDFrame.bfill
        pandas.core.generic:NDFrame.interpolate NDFrame.replace NDFrame.rename_axis NDFrame.infer_objects NDFrame.copy
        pandas.core.frame:DataFrame.to_numpy DataFrame.fillna DataFrame.astype DataFrame.dropna DataFrame.drop
        pandas.core.frame:DataFrame.rename DataFrame.replace DataFrame.isna DataFrame.notna
        pandas.core.base:IndexOpsMixin.to_numpy
        pandas.core.series:Series.to_numpy Series.fillna Series.astype Series.map Series.dropna Series.isna
        """,
    ),
    "dateutil": listed(
        "class",
        """
        dateutil.relativedelta:relativedelta
        dateutil._common:weekday
        dateutil.tz.tz:tzutc tzoffset tzlocal tzrange tzstr _ttinfo
        """,
    ),
    "pytz": listed("lookup", "pytz:_p _UTC") | listed("class", "pytz:_FixedOffset"),
    "pyarrow": listed(
        "function",
        """
        pyarrow.lib:py_buffer type_for_alias _reconstruct_table _reconstruct_record_batch chunked_array
        pyarrow.lib:schema field timestamp list_ large_list map_ struct dictionary binary decimal128 decimal256
        """,
    ),
    "torch": listed(
        "function",
        """
        torch._utils:_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_qtensor
        torch._utils:_rebuild_parameter_with_state _rebuild_sparse_tensor _rebuild_sparse_csr_tensor
        torch._tensor:_rebuild_from_type_v2
        torch.serialization:_get_layout
        torch.jit._pickle:build_intlist build_doublelist build_boollist build_tensorlist build_tensor_from_id
        torch.jit._pickle:restore_type_tag
        """,
    )
    | listed(
        "class",
        """
        torch:BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage DoubleStorage
        torch:FloatStorage HalfStorage IntStorage LongStorage QInt32Storage QInt8Storage QUInt8Storage ShortStorage
        torch.cuda:BFloat16Storage BoolStorage ByteStorage CharStorage DoubleStorage FloatStorage HalfStorage
        torch.cuda:IntStorage LongStorage ShortStorage
        torch.storage:UntypedStorage TypedStorage _TypedStorage _UntypedStorage
        torch:Tensor FloatTensor DoubleTensor HalfTensor ByteTensor CharTensor ShortTensor IntTensor LongTensor
        torch.nn.parameter:Parameter Buffer UninitializedParameter UninitializedBuffer
        torch.nn:Parameter
        torch.nn.parallel.data_parallel:DataParallel
        torch.nn.parallel.distributed:DistributedDataParallel
        torch.utils.hooks:RemovableHandle
        torch.cuda.amp.grad_scaler:GradScaler
        torch.amp.grad_scaler:GradScaler
        torch.optim.swa_utils:AveragedModel SWALR
        torch.utils.data.dataset:TensorDataset Subset ConcatDataset StackDataset
        torch.utils.data.dataloader:DataLoader
        torch.utils.data.sampler:BatchSampler RandomSampler SequentialSampler SubsetRandomSampler WeightedRandomSampler
        torch.nn.utils.spectral_norm:SpectralNorm SpectralNormLoadStateDictPreHook SpectralNormStateDictHook
        torch.nn.utils.weight_norm:WeightNorm
        torch._dynamo.decorators:_DimRange
        """,
    )
    | listed("constructor", "torch:Size device dtype\ntorch._C:device Size\ntorch.amp.grad_scaler:OptState")
    | listed("lookup", "torch.nn.backends.thnn:_get_thnn_function_backend")
    | listed("constructor", "torch._C:Generator")
    | listed("function", "{torch.amp,torch.cuda.amp}.grad_scaler:_refresh_per_optimizer_state")
    | listed("constructor", "torch.cuda.amp.grad_scaler:OptState")
    | listed(
        "name",
        """
        torch:relu tanh sigmoid softmax sin cos exp log abs flatten
        torch._C._nn:gelu silu softplus leaky_relu elu_ hardtanh
        torch.utils.data._utils.collate:default_collate
        """,
    ),
    "xgboost": listed("class", "xgboost.core:Booster\nxgboost.compat:XGBoostLabelEncoder"),
    "lightgbm": listed(
        "class", "lightgbm.basic:Booster\nlightgbm.compat:_LGBMLabelEncoder\nlightgbm.engine:CVBooster _CVBooster"
    ),
    "torchvision": listed(
        "class",
        """
        torchvision.models.alexnet:AlexNet
        torchvision.models.convnext:CNBlock CNBlockConfig ConvNeXt LayerNorm2d
        torchvision.models.densenet:DenseNet _DenseBlock _DenseLayer _Transition
        torchvision.models.detection.faster_rcnn:FastRCNNConvFCHead FastRCNNPredictor FasterRCNN TwoMLPHead
        torchvision.models.detection.fcos:FCOS FCOSClassificationHead FCOSHead FCOSRegressionHead
        torchvision.models.detection.generalized_rcnn:GeneralizedRCNN
        torchvision.models.detection.image_list:ImageList
        torchvision.models.detection.keypoint_rcnn:KeypointRCNN KeypointRCNNHeads KeypointRCNNPredictor
        torchvision.models.detection.mask_rcnn:MaskRCNN MaskRCNNHeads MaskRCNNPredictor
        torchvision.models.detection.retinanet:RetinaNet RetinaNetClassificationHead RetinaNetHead
        torchvision.models.detection.retinanet:RetinaNetRegressionHead
        torchvision.models.detection.roi_heads:RoIHeads
        torchvision.models.detection.rpn:RPNHead RegionProposalNetwork
        torchvision.models.detection.ssd:SSD SSDClassificationHead SSDFeatureExtractorVGG SSDHead
        torchvision.models.detection.ssd:SSDRegressionHead SSDScoringHead
        torchvision.models.detection.ssdlite:SSDLiteClassificationHead SSDLiteFeatureExtractorMobileNet
        torchvision.models.detection.ssdlite:SSDLiteHead SSDLiteRegressionHead
        torchvision.models.detection.transform:GeneralizedRCNNTransform
        torchvision.models.efficientnet:EfficientNet FusedMBConv FusedMBConvConfig MBConv MBConvConfig
        torchvision.models.efficientnet:_MBConvConfig
        torchvision.models.googlenet:BasicConv2d GoogLeNet Inception InceptionAux
        torchvision.models.inception:BasicConv2d Inception3 InceptionA InceptionAux InceptionB InceptionC
        torchvision.models.inception:InceptionD InceptionE
        torchvision.models.maxvit:MBConv MaxVit MaxVitBlock MaxVitLayer PartitionAttentionLayer
        torchvision.models.maxvit:RelativePositionalMultiHeadAttention SwapAxes WindowDepartition
        torchvision.models.maxvit:WindowPartition
        torchvision.models.mnasnet:MNASNet _InvertedResidual
        torchvision.models.mobilenetv2:InvertedResidual MobileNetV2
        torchvision.models.mobilenetv3:InvertedResidual InvertedResidualConfig MobileNetV3
        torchvision.models.quantization.googlenet:QuantizableBasicConv2d QuantizableGoogLeNet
        torchvision.models.quantization.googlenet:QuantizableInception QuantizableInceptionAux
        torchvision.models.quantization.inception:QuantizableBasicConv2d QuantizableInception3
        torchvision.models.quantization.inception:QuantizableInceptionA QuantizableInceptionAux
        torchvision.models.quantization.inception:QuantizableInceptionB QuantizableInceptionC
        torchvision.models.quantization.inception:QuantizableInceptionD QuantizableInceptionE
        torchvision.models.quantization.mobilenetv2:QuantizableInvertedResidual QuantizableMobileNetV2
        torchvision.models.quantization.mobilenetv3:QuantizableInvertedResidual QuantizableMobileNetV3
        torchvision.models.quantization.mobilenetv3:QuantizableSqueezeExcitation
        torchvision.models.quantization.resnet:QuantizableBasicBlock QuantizableBottleneck QuantizableResNet
        torchvision.models.quantization.shufflenetv2:QuantizableInvertedResidual QuantizableShuffleNetV2
        torchvision.models.regnet:AnyStage BlockParams BottleneckTransform RegNet ResBottleneckBlock
        torchvision.models.regnet:SimpleStemIN
        torchvision.models.resnet:BasicBlock Bottleneck ResNet
        torchvision.models.segmentation.deeplabv3:ASPP ASPPConv ASPPPooling DeepLabHead DeepLabV3
        torchvision.models.segmentation.fcn:FCN FCNHead
        torchvision.models.segmentation.lraspp:LRASPP LRASPPHead
        torchvision.models.shufflenetv2:InvertedResidual ShuffleNetV2
        torchvision.models.squeezenet:Fire SqueezeNet
        torchvision.models.swin_transformer:PatchMerging PatchMergingV2 ShiftedWindowAttention
        torchvision.models.swin_transformer:ShiftedWindowAttentionV2 SwinTransformer SwinTransformerBlock
        torchvision.models.swin_transformer:SwinTransformerBlockV2
        torchvision.models.vgg:VGG
        torchvision.models.video.mvit:MSBlockConfig MViT MultiscaleAttention MultiscaleBlock Pool
        torchvision.models.video.mvit:PositionalEncoding
        torchvision.models.video.resnet:BasicBlock BasicStem Bottleneck Conv2Plus1D Conv3DNoTemporal
        torchvision.models.video.resnet:Conv3DSimple R2Plus1dStem VideoResNet
        torchvision.models.video.s3d:S3D SepInceptionBlock3D TemporalSeparableConv
        torchvision.models.video.swin_transformer:PatchEmbed3d ShiftedWindowAttention3d SwinTransformer3d
        torchvision.models.vision_transformer:ConvStemConfig Encoder EncoderBlock MLPBlock VisionTransformer
        torchvision.ops.feature_pyramid_network:ExtraFPNBlock FeaturePyramidNetwork LastLevelMaxPool
        torchvision.ops.feature_pyramid_network:LastLevelP6P7
        torchvision.ops.misc:Conv2dNormActivation Conv3dNormActivation ConvNormActivation FrozenBatchNorm2d
        torchvision.ops.misc:MLP Permute SqueezeExcitation
        torchvision.ops.poolers:LevelMapper MultiScaleRoIAlign
        torchvision.ops.roi_align:RoIAlign
        torchvision.ops.stochastic_depth:StochasticDepth
        torchvision.transforms.functional:InterpolationMode
        torchvision.transforms.transforms:CenterCrop ColorJitter Compose ConvertImageDtype ElasticTransform
        torchvision.transforms.transforms:FiveCrop GaussianBlur Grayscale Lambda LinearTransformation
        torchvision.transforms.transforms:Normalize PILToTensor Pad RandomAdjustSharpness RandomAffine
        torchvision.transforms.transforms:RandomApply RandomAutocontrast RandomChoice RandomCrop
        torchvision.transforms.transforms:RandomEqualize RandomErasing RandomGrayscale RandomHorizontalFlip
        torchvision.transforms.transforms:RandomInvert RandomOrder RandomPerspective RandomPosterize
        torchvision.transforms.transforms:RandomResizedCrop RandomRotation RandomSolarize RandomTransforms
        torchvision.transforms.transforms:RandomVerticalFlip Resize TenCrop ToPILImage ToTensor
        """,
    )
    | listed("constructor", "torchvision.transforms.functional:InterpolationMode"),
    "transformers": listed(
        "constructor",
        """
        transformers.training_args:OptimizerNames ParallelMode
        transformers.trainer_utils:IntervalStrategy HubStrategy SchedulerType SaveStrategy EvaluationStrategy
        transformers.trainer_utils:FSDPOption ShardedDDPOption EvalPrediction
        transformers.utils.quantization_config:QuantizationMethod
        """,
    )
    | listed(
        "class",
        """
        transformers.training_args:TrainingArguments
        transformers.integrations.deepspeed:HfDeepSpeedConfig HfTrainerDeepSpeedConfig
        transformers.deepspeed:HfDeepSpeedConfig HfTrainerDeepSpeedConfig
        transformers.trainer_pt_utils:AcceleratorConfig
        transformers.generation.configuration_utils:GenerationConfig
        """,
    ),
    "category_encoders": listed("class", "category_encoders.glmm:GLMMEncoder"),
    "imblearn": listed(
        "name",
        """
        imblearn.metrics._classification:geometric_mean_score sensitivity_score specificity_score
        imblearn.metrics._classification:sensitivity_specificity_support macro_averaged_mean_absolute_error
        """,
    ),
    "statsmodels": listed("class", "statsmodels.base.data:ModelData PandasData PatsyData FormulaicData")
    | listed(
        "name",
        """
        statsmodels.base.l1_slsqp:fit_l1_slsqp
        statsmodels.tsa.exponential_smoothing._ets_smooth:_ets_smooth_add_add _ets_smooth_add_mul
        statsmodels.tsa.exponential_smoothing._ets_smooth:_ets_smooth_mul_add _ets_smooth_mul_mul
        statsmodels.tsa.exponential_smoothing.ets:ETSModel().loglike ETSModel.loglike
        """,
    ),
    "accelerate": listed("class", "accelerate.state:PartialState AcceleratorState GradientState")
    | listed(
        "constructor",
        "accelerate.utils.dataclasses:DistributedType ComputeEnvironment DynamoBackend SageMakerDistributedType",
    )
    | listed("class", "accelerate.utils.dataclasses:DeepSpeedPlugin FullyShardedDataParallelPlugin"),
    "trl": listed(
        "class",
        """
        trl.trainer.sft_config:SFTConfig
        trl.trainer.dpo_config:DPOConfig
        trl.trainer.grpo_config:GRPOConfig
        trl.trainer.ppo_config:PPOConfig
        trl.trainer.reward_config:RewardConfig
        trl.trainer.kto_config:KTOConfig
        trl.trainer.orpo_config:ORPOConfig
        trl.trainer.cpo_config:CPOConfig
        """,
    )
    | listed("constructor", "trl.trainer.dpo_config:FDivergenceType"),
}

#: The modules that scikit-learn 0.22 renamed, old to new, below `sklearn.`: old pickles name the old ones.
SKLEARN_MODULES_BEFORE_0_22 = {
    f"{package}.{old}": f"{package}.{new}"
    for package, renamed in {
        "cluster": "affinity_propagation_=_affinity_propagation bicluster=_bicluster birch=_birch dbscan_=_dbscan"
        " hierarchical=_agglomerative k_means_=_kmeans mean_shift_=_mean_shift optics_=_optics spectral=_spectral",
        "covariance": "empirical_covariance_=_empirical_covariance shrunk_covariance_=_shrunk_covariance"
        " robust_covariance=_robust_covariance graph_lasso_=_graph_lasso elliptic_envelope=_elliptic_envelope",
        "cross_decomposition": "pls_=_pls",
        "decomposition": "base=_base dict_learning=_dict_learning factor_analysis=_factor_analysis fastica_=_fastica"
        " incremental_pca=_incremental_pca kernel_pca=_kernel_pca nmf=_nmf online_lda=_lda pca=_pca"
        " sparse_pca=_sparse_pca truncated_svd=_truncated_svd",
        "ensemble": "bagging=_bagging base=_base forest=_forest gradient_boosting=_gb iforest=_iforest voting=_voting"
        " weight_boosting=_weight_boosting",
        "feature_extraction": "dict_vectorizer=_dict_vectorizer hashing=_hash",
        "feature_selection": "from_model=_from_model rfe=_rfe univariate_selection=_univariate_selection"
        " variance_threshold=_variance_threshold mutual_info=_mutual_info",
        "gaussian_process": "gpr=_gpr gpc=_gpc",
        "linear_model": "base=_base bayes=_bayes coordinate_descent=_coordinate_descent huber=_huber"
        " least_angle=_least_angle logistic=_logistic omp=_omp passive_aggressive=_passive_aggressive"
        " perceptron=_perceptron ransac=_ransac ridge=_ridge sgd_fast=_sgd_fast"
        " stochastic_gradient=_stochastic_gradient theil_sen=_theil_sen",
        "manifold": "isomap=_isomap locally_linear=_locally_linear mds=_mds spectral_embedding_=_spectral_embedding"
        " t_sne=_t_sne",
        "metrics": "classification=_classification regression=_regression ranking=_ranking scorer=_scorer",
        "mixture": "base=_base gaussian_mixture=_gaussian_mixture bayesian_mixture=_bayesian_mixture",
        "neighbors": "base=_base classification=_classification graph=_graph kde=_kde lof=_lof nca=_nca"
        " nearest_centroid=_nearest_centroid regression=_regression unsupervised=_unsupervised",
        "neural_network": "rbm=_rbm multilayer_perceptron=_multilayer_perceptron",
        "preprocessing": "data=_data label=_label",
        "semi_supervised": "label_propagation=_label_propagation",
        "svm": "base=_base classes=_classes",
        "tree": "tree=_classes",
    }.items()
    for old, _, new in (pair.partition("=") for pair in renamed.split())
}
