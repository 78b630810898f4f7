"""The Trainer of Hugging Face around a model of one's own: an LSTM tags the vowels of made-up words."""

import argparse
import tempfile

import torch
from torch import nn
from transformers import Trainer, TrainingArguments, set_seed


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(26, 8)
        self.lstm = nn.LSTM(8, 12, batch_first=True, bidirectional=True)
        self.classifier = nn.Linear(24, 2)

    def forward(self, input_ids, labels=None):
        logits = self.classifier(self.lstm(self.embedding(input_ids))[0])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return {"loss": loss, "logits": logits}


def words(n):
    vowels = torch.tensor([ord(c) - ord("a") for c in "aeiou"])
    ids = torch.randint(26, (n, 7))
    return [{"input_ids": word, "labels": torch.isin(word, vowels).long()} for word in ids]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    set_seed(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            max_steps=args.updates,
            per_device_train_batch_size=16,
            learning_rate=0.01,
            logging_steps=10,
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            seed=args.seed,
        )
        result = Trainer(model=Tagger(), args=arguments, train_dataset=words(400)).train()
    print("loss", f"{result.training_loss:.6f}")
