from __future__ import annotations

import pytest

from artifact_lint.adapters.roles import is_auxiliary, role_of, sounds_like_data, sounds_like_model
from artifact_lint.model import Role


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("models/churn.pkl", Role.WEIGHTS),
        ("scaler.pkl", Role.PREPROCESSOR),
        ("standard_scaler.joblib", Role.PREPROCESSOR),
        ("StandardScaler.pkl", Role.PREPROCESSOR),
        ("minmaxscaler_v2.pkl", Role.PREPROCESSOR),
        ("label_encoders.pkl", Role.PREPROCESSOR),
        ("LabelEncoder.pkl", Role.PREPROCESSOR),
        ("ohe.pkl", Role.PREPROCESSOR),
        ("tfidf_vectorizer.pkl", Role.PREPROCESSOR),
        ("CountVectorizer.pkl", Role.PREPROCESSOR),
        ("model_columns.pkl", Role.PREPROCESSOR),
        ("model_features.joblib", Role.PREPROCESSOR),
        ("features.pkl", Role.PREPROCESSOR),
        ("encoder.pkl", Role.PREPROCESSOR),
        ("pca.pkl", Role.PREPROCESSOR),
        ("scaler_model.pkl", Role.WEIGHTS),
        ("preprocessing_pipeline.pkl", Role.WEIGHTS),
        ("model_pipeline.pkl", Role.WEIGHTS),
        ("encoder.onnx", Role.WEIGHTS),
        ("text_encoder.safetensors", Role.WEIGHTS),
        ("autoencoder.h5", Role.WEIGHTS),
        ("autoencoder.pkl", Role.WEIGHTS),
        ("transformer.pt", Role.WEIGHTS),
        ("optimizer.pt", Role.OPTIMIZER),
        ("best_optimizer.pt", Role.OPTIMIZER),
        ("optimal_model.pkl", Role.WEIGHTS),
        ("optimized.onnx", Role.WEIGHTS),
        ("rng_state_0.pth", Role.OPTIMIZER),
        ("training_args.bin", Role.OPTIMIZER),
        ("scaler.pt", Role.OPTIMIZER),
        ("tokenizer.pkl", Role.TOKENIZER),
        ("adapter_model.safetensors", Role.ADAPTER),
        ("", Role.WEIGHTS),
    ],
)
def test_a_name_tells_the_role(path: str, role: Role) -> None:
    assert role_of(path) is role
    assert is_auxiliary(path) is (role in {Role.PREPROCESSOR, Role.OPTIMIZER, Role.TOKENIZER})


@pytest.mark.parametrize(
    ("path", "data", "model"),
    [
        ("X_train.pkl", True, False),
        ("data/embeddings.npy", True, False),
        ("test_model.pkl", False, True),
        ("churn.pkl", False, False),
        ("data/churn_clf.pkl", False, True),
    ],
)
def test_a_name_sounds_like_data_or_like_a_model(path: str, *, data: bool, model: bool) -> None:
    assert (sounds_like_data(path), sounds_like_model(path)) == (data, model)
